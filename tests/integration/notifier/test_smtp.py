"""The SMTP adapter against a relay that behaves, and one that does not."""

import asyncio
import socket
import time
from uuid import uuid4

import pytest

from services.notifier.adapters.smtp import Smtp
from services.notifier.adapters.smtp_message import SmtpMessage
from services.notifier.adapters.smtp_url import SmtpUrl
from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.provider_answer import Accepted, Refused, Unknown
from tests.integration.notifier.conftest import now
from tests.integration.notifier.relay import relaying

WITHIN_S = 5.0
SENDER = "no-reply@gatepost.example"


def mail(to: str = "kim@customer.example") -> OutgoingMail:
    return OutgoingMail(uuid4(), to, Content("Your code", "402817\n\n@gatepost.example #402817\n", "<p>402817</p>"))


def smtp(url: str) -> Smtp:
    return Smtp(
        SmtpUrl.parse(url), SENDER, "gatepost.example", SmtpMessage(SENDER, "Gatepost", "gatepost.example", now)
    )


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        assert await provider.send(mail(), WITHIN_S) == Accepted()
    (received,) = relay.mails
    text, html = received.iter_parts()
    assert received["To"] == "kim@customer.example"
    assert text.get_content().splitlines()[-1] == "@gatepost.example #402817"
    assert html.get_content_type() == "text/html"


async def test_one_connection_carries_many_mails_and_many_at_once_open_more() -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        for _ in range(5):
            assert await provider.send(mail(), WITHIN_S) == Accepted()
        assert relay.connections == 1
        answers = await asyncio.gather(*(provider.send(mail(), WITHIN_S) for _ in range(20)))
    assert set(answers) == {Accepted()}
    assert len(relay.mails) == 25
    assert len({received["Message-ID"] for received in relay.mails}) == 25
    assert 1 < relay.connections <= 20


async def test_a_connection_that_died_in_silence_costs_no_mail() -> None:
    async with relaying() as relay:
        url = relay.url
        async with smtp(url) as provider:
            assert await provider.send(mail(), WITHIN_S) == Accepted()
            idle = provider._connections._idle[0][1]
            assert isinstance(idle.transport, asyncio.Transport)
            idle.transport.abort()  # as a relay does that has waited too long
            assert await provider.send(mail(), WITHIN_S) == Accepted()
    assert len(relay.mails) == 2


async def test_a_mailbox_that_does_not_exist_is_told_and_the_connection_stays() -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        relay.on_recipient = "550 5.1.1 no such user"
        assert await provider.send(mail(), WITHIN_S) == Refused("smtp-550", permanent=True, undeliverable=True)
        relay.on_recipient = "250 2.1.5 known"
        assert await provider.send(mail(), WITHIN_S) == Accepted()
        assert relay.connections == 1
        assert await provider.healthy()


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("451 4.3.0 later", Refused("smtp-451")),
        ("554 5.7.1 spam", Refused("smtp-554", permanent=True)),
        ("552 5.3.4 too big", Refused("smtp-552", permanent=True)),
    ],
)
async def test_a_mail_that_is_refused(reply: str, answer: Refused) -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        relay.on_data = reply
        assert await provider.send(mail(), WITHIN_S) == answer
        assert await provider.healthy()
    assert relay.mails == []


@pytest.mark.parametrize("reply", ["251 2.0.0 taken", "2.0.0 queued as 123"])
async def test_a_relay_with_words_of_its_own_is_not_asked_twice(reply: str) -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        relay.on_data = reply
        assert not isinstance(await provider.send(mail(), WITHIN_S), Refused)


async def test_a_connection_cut_after_the_mail_leaves_it_unknown() -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        relay.on_data = "reset"
        assert await provider.send(mail(), WITHIN_S) == Unknown("no-answer")


async def test_a_relay_that_hangs_is_unknown_within_the_time() -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        relay.on_data = "hang"
        started = time.monotonic()
        assert await provider.send(mail(), 0.3) == Unknown("no-answer")
        assert time.monotonic() - started < 2


async def test_a_relay_that_never_greets_is_refused_since_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with smtp(f"smtp://127.0.0.1:{silent.getsockname()[1]}") as provider:
            assert await provider.send(mail(), 0.3) == Refused("unreachable")


async def test_a_relay_that_is_not_there_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with smtp(f"smtp://127.0.0.1:{port}") as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused("unreachable")
        assert not await provider.healthy()


async def test_a_wrong_password_shows_in_readiness_until_a_mail_passes() -> None:
    async with relaying() as relay:
        with_password = relay.url.replace("smtp://", "smtp://gatepost:secret@")
        async with smtp(with_password) as provider:
            relay.lets_in = False
            assert await provider.send(mail(), WITHIN_S) == Refused("smtp-535")
            assert not await provider.healthy()
            relay.lets_in = True
            assert await provider.send(mail(), WITHIN_S) == Accepted()
            assert await provider.healthy()


async def test_an_address_that_needs_smtputf8_is_refused_and_left_to_others() -> None:
    async with relaying() as relay, smtp(relay.url) as provider:
        assert await provider.send(mail("küm@customer.example"), WITHIN_S) == Refused("unwritable", permanent=True)
    assert relay.connections == 0


async def test_starttls_that_is_not_offered_is_no_way_for_a_code() -> None:
    async with relaying() as relay, smtp(relay.url.replace("smtp://", "smtp+starttls://")) as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused("unreachable")
    assert relay.mails == []
