"""The SendGrid adapter against a double, and against peers that misbehave below HTTP."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.provider_answer import Accepted, Refused, Unknown
from tests.integration.notifier.conftest import sendgrid, serving
from tests.wait_until import wait_until

WITHIN_S = 5.0


def mail() -> OutgoingMail:
    content = Content("Your Gatepost sign-in code (14:05 UTC)", "402817\n\n@gatepost.example #402817", "<p>402817</p>")
    return OutgoingMail(uuid4(), "kim@customer.example", content)


async def inbox(mailbox: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{mailbox}/api/messages") as response:
        messages: list[dict[str, Any]] = await response.json()
        return messages


async def fault(mailbox: str, **what: object) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{mailbox}/api/faults", json=what) as response:
        assert response.status == 200


@pytest.fixture
def traced() -> Iterator[None]:
    """aiohttp's instrumentation, as `configure_telemetry` turns it on."""
    AioHttpClientInstrumentor().instrument()
    yield
    AioHttpClientInstrumentor().uninstrument()


async def test_an_accepted_mail_arrives_as_it_was_written(mailbox: str) -> None:
    async with sendgrid(mailbox) as provider:
        assert await provider.send(mail(), WITHIN_S) == Accepted()
    (received,) = await inbox(mailbox)
    assert received["to"] == "kim@customer.example"
    assert received["subject"] == "Your Gatepost sign-in code (14:05 UTC)"
    assert received["text"].splitlines()[-1] == "@gatepost.example #402817"
    assert received["headers"]["Auto-Submitted"] == "auto-generated"
    assert received["headers"]["X-Auto-Response-Suppress"] == "OOF, AutoReply"


async def test_fifty_mails_at_once_are_fifty_mails(mailbox: str) -> None:
    async with sendgrid(mailbox) as provider:
        assert set(await asyncio.gather(*(provider.send(mail(), WITHIN_S) for _ in range(50)))) == {Accepted()}
    assert len(await inbox(mailbox)) == 50


@pytest.mark.parametrize("status", [400, 413])
async def test_a_mail_that_is_wrong_is_refused_for_good(mailbox: str, status: int) -> None:
    await fault(mailbox, status=status)
    async with sendgrid(mailbox) as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused(f"http-{status}", permanent=True)
        assert await provider.healthy()


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_is_refused_for_now(mailbox: str, status: int) -> None:
    await fault(mailbox, status=status)
    async with sendgrid(mailbox) as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused(f"http-{status}")


async def test_too_many_requests_come_with_the_providers_wait(mailbox: str) -> None:
    await fault(mailbox, status=429)
    async with sendgrid(mailbox) as provider:
        answer = await provider.send(mail(), WITHIN_S)
    assert isinstance(answer, Refused)
    assert answer.retry_after is not None
    assert 1 <= answer.retry_after.total_seconds() <= 3


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_shows_in_readiness_until_a_mail_passes(mailbox: str, status: int) -> None:
    await fault(mailbox, status=status, count=1)
    async with sendgrid(mailbox) as provider:
        assert await provider.healthy()
        assert await provider.send(mail(), WITHIN_S) == Refused(f"http-{status}")
        assert not await provider.healthy()
        assert await provider.send(mail(), WITHIN_S) == Accepted()
        assert await provider.healthy()


async def test_a_redirect_is_not_followed(mailbox: str) -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 307 Go\r\nLocation: {mailbox}/v3/mail/send\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async with serving(elsewhere) as url, sendgrid(url) as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused("http-307")
        assert not await provider.healthy()
    assert await inbox(mailbox) == []


async def test_a_provider_that_hangs_is_unknown_within_the_deadline(mailbox: str) -> None:
    await fault(mailbox, delay_s=60)
    async with sendgrid(mailbox) as provider:
        started = time.monotonic()
        assert await provider.send(mail(), 0.3) == Unknown("no-answer")
        assert time.monotonic() - started < 1.5


async def test_a_connection_that_is_cut_after_the_request_is_unknown() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with serving(cut) as url, sendgrid(url) as provider:
        assert await provider.send(mail(), WITHIN_S) == Unknown("no-answer")


async def test_an_answer_that_is_not_http_is_unknown() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 smtp.example ESMTP\r\n\r\n")
        await writer.drain()

    async with serving(babble) as url, sendgrid(url) as provider:
        assert await provider.send(mail(), WITHIN_S) == Unknown("no-answer")


async def test_an_acceptance_with_a_body_that_never_ends_is_accepted_at_once() -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\nx")
        await writer.drain()
        await asyncio.Event().wait()

    async with serving(dribble) as url, sendgrid(url) as provider:
        started = time.monotonic()
        assert await provider.send(mail(), 2) == Accepted()
        assert time.monotonic() - started < 1


async def test_a_refused_connection_is_refused_and_not_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with sendgrid(f"http://127.0.0.1:{port}") as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused("unreachable")
        assert not await provider.healthy()


async def test_a_name_that_does_not_resolve_is_refused() -> None:
    async with sendgrid("http://no-such-host.invalid") as provider:
        assert await provider.send(mail(), 4) == Refused("unreachable")


async def test_a_host_that_does_not_speak_tls_is_refused(mailbox: str) -> None:
    async with sendgrid(mailbox.replace("http://", "https://")) as provider:
        assert await provider.send(mail(), WITHIN_S) == Refused("unreachable")


async def test_a_connection_that_is_not_made_in_time_is_refused_and_not_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:  # its queue is full: further SYNs are dropped
        port = deaf.getsockname()[1]
        fillers = [socket.socket() for _ in range(2)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        async with sendgrid(f"http://127.0.0.1:{port}") as provider:
            assert await provider.send(mail(), 1) == Refused("unreachable")
        for filler in fillers:
            filler.close()


async def test_mails_one_after_another_share_a_connection() -> None:
    connections: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    async with serving(count) as url, sendgrid(url) as provider:
        for _ in range(10):
            assert await provider.send(mail(), WITHIN_S) == Accepted()
    assert len(connections) == 1


async def test_the_third_party_gets_our_key_and_no_trace_headers(traced: None) -> None:
    requests: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(listen) as url, sendgrid(url) as provider:
        await provider.send(mail(), WITHIN_S)
    await wait_until(lambda: len(requests) == 1)
    head = requests[0].lower()
    assert b"authorization: bearer sg.secret-key" in head
    assert b"traceparent" not in head
    assert b"baggage" not in head
    assert b"cookie" not in head


async def test_the_body_is_what_sendgrid_documents(mailbox: str) -> None:
    bodies: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-type: application/json" in head.lower()
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(listen) as url, sendgrid(url) as provider:
        await provider.send(mail(), WITHIN_S)
    assert json.loads(bodies[0])["from"] == {"email": "no-reply@gatepost.example", "name": "Gatepost"}
