"""Where a relay is, what a mail looks like to it, and what its replies mean."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest

from services.notifier.adapters.smtp_answer import after_data, refusal
from services.notifier.adapters.smtp_message import SmtpMessage, Unwritable, seven_bits
from services.notifier.adapters.smtp_url import SmtpUrl
from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from shared.mail_address import is_address

MESSAGE_ID = UUID("a2f0c0de-9a3b-4a53-9d0a-52f5c1c9f001")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("smtps://relay.example", SmtpUrl("relay.example", 465, tls=True, starttls=False)),
        ("smtp+starttls://relay.example", SmtpUrl("relay.example", 587, tls=False, starttls=True)),
        ("smtp://127.0.0.1:1025", SmtpUrl("127.0.0.1", 1025, tls=False, starttls=False)),
        ("smtp://[::1]", SmtpUrl("::1", 25, tls=False, starttls=False)),
        ("smtps://a%40b:p%3Aw@r.example:2465", SmtpUrl("r.example", 2465, True, False, "a@b", "p:w")),
    ],
)
def test_a_url_says_how_the_relay_is_reached(text: str, url: SmtpUrl) -> None:
    assert SmtpUrl.parse(text) == url
    assert "p:w" not in repr(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "relay.example",
        "http://relay.example",
        "smtps://",
        "smtps://relay.example/path",
        "smtps://relay.example?x=1",
        "smtps://user@relay.example",
        "smtp://relay.example",
        "smtp://10.0.0.7:25",
        "smtps://relay.example:99999",
        "smtps://mailer:S3cret#9@relay.example",
        "smtps://mailer:12345#9@relay.example",
    ],
)
def test_a_way_on_which_codes_could_be_read_or_lost_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        SmtpUrl.parse(text)
    assert "S3cret" not in str(refused.value)


def rendered(mail: OutgoingMail) -> tuple[bytes, EmailMessage]:
    clock = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
    raw = SmtpMessage("no-reply@gatepost.example", "Gatepost, Inc.", "gatepost.example", lambda: clock).of(
        mail, seven_bits(mail.to)
    )
    return raw, message_from_bytes(raw, policy=default)


def test_a_mail_has_the_text_before_the_html_and_an_id_that_a_second_send_shares() -> None:
    raw, message = rendered(OutgoingMail(MESSAGE_ID, "kim@customer.example", Content("Code", "402817\n", "<b>1</b>")))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Message-ID"] == f"<{MESSAGE_ID}@gatepost.example>"
    assert message["From"] == '"Gatepost, Inc." <no-reply@gatepost.example>'
    assert message["To"] == "kim@customer.example"
    assert message["Date"] == "Tue, 24 Nov 2026 14:05:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0


def test_foreign_letters_and_long_lines_survive_a_relay_that_knows_seven_bits() -> None:
    text, html = "コード: 402817\n\n@gatepost.example #402817\n", "<p>" + "ü" * 3_000 + "</p>\n"
    raw, message = rendered(OutgoingMail(MESSAGE_ID, "kim@customer.example", Content("コード", text, html)))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert message["Subject"] == "コード"
    plain, marked = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == text
    assert marked.get_content().replace("\r\n", "\n") == html


@pytest.mark.parametrize("text", ["a\r\nBcc: eve@evil.example", "a\nBcc: eve@evil.example"])
def test_a_subject_cannot_add_a_header(text: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        rendered(OutgoingMail(MESSAGE_ID, "kim@customer.example", Content(text, "x", "y")))


@pytest.mark.parametrize(
    ("code", "text", "of_recipient", "meaning"),
    [
        (451, "4.3.0 later", False, Refused("smtp-451")),
        (450, "4.2.0 greylisted", True, Refused("smtp-450", about_mail=True)),
        (421, "4.3.2 closing", True, Refused("smtp-421")),
        (421, "", False, Refused("smtp-421")),
        (550, "5.1.1 no such user", True, Refused("smtp-550", permanent=True, undeliverable=True)),
        (556, "5.1.10 null MX", True, Refused("smtp-556", permanent=True, undeliverable=True)),
        (550, "5.2.1 disabled", True, Refused("smtp-550", permanent=True, undeliverable=True)),
        (550, "5.7.1 relaying denied", True, Refused("smtp-550", permanent=True)),
        (550, "5.1.8 bad sender", True, Refused("smtp-550", permanent=True)),
        (552, "5.2.2 mailbox full", True, Refused("smtp-552", permanent=True)),
        (550, "no such user", True, Refused("smtp-550", permanent=True)),
        (554, "5.1.1 content", False, Refused("smtp-554", permanent=True)),
    ],
)
def test_a_reply_means(code: int, text: str, of_recipient: bool, meaning: Refused) -> None:
    assert refusal(code, text, of_recipient=of_recipient) == meaning


@pytest.mark.parametrize(
    ("domain", "written"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("σς.example", "xn--3xab.example"),
    ],
)
def test_a_foreign_domain_is_written_as_dns_has_it_and_never_as_somebody_elses(domain: str, written: str) -> None:
    _, message = rendered(OutgoingMail(MESSAGE_ID, f"kim@{domain}", Content("S", "x", "y")))
    assert message["To"] == f"kim@{written}"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (200, Accepted()),
        (251, Accepted()),
        (451, Refused("smtp-451")),
        (554, Refused("smtp-554", permanent=True)),
        (-1, Unknown("odd-reply")),
        (354, Unknown("odd-reply")),
    ],
)
def test_once_a_relay_has_the_mail_nothing_but_a_refusal_is_one(code: int, meaning: ProviderAnswer) -> None:
    assert after_data(code, "") == meaning


@pytest.mark.parametrize(
    "address",
    [
        "küm@customer.example",
        "kim..kim@customer.example",
        ".kim@customer.example",
        "kim@\uff3b127.0.0.1\uff3d",
        "kim@a\u2100b.example",
        f"kim@{'ä' * 64}.example",
    ],
)
def test_an_address_that_not_every_relay_can_be_told_is_no_accident(address: str) -> None:
    assert is_address(address)
    with pytest.raises(Unwritable):
        rendered(OutgoingMail(MESSAGE_ID, address, Content("S", "x", "y")))
