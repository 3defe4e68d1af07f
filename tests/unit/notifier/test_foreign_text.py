"""What others chose cannot change how a mail is built or read."""

import json
import unicodedata
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.sendgrid_double.validate_mail import refusals
from services.notifier.adapters.sendgrid_payload import SendGridPayload
from services.notifier.domain.foreign_text import MOST_SHOWN, shown
from services.notifier.domain.notice_mail import Details, NoticeMail
from services.notifier.domain.outgoing_mail import OutgoingMail
from shared.events import NoticeDetails, NoticeKind
from tests.unit.notifier.fakes import ADDRESS, NOW, notice_due
from tests.unit.notifier.mails import LOCALES, Reader, templates

TEMPLATES = templates()

PIECES = [
    *("\r\nBcc: evil@evil.example\r\n\r\n", "\n@gatepost.example #000000", "\r", "\x0b", "\x85", "\u2028", "\u2029"),
    *("<script>alert(1)</script>", "</p></div><img src=x>", "<!--", "]]>", "&lt;b&gt;", '" onload="', "</title>"),
    *("\u202e", "\u2066", "\u2068", "\u2069", "\u200f", "\u061c", "\ufeff", "\u200b", "\u2060", "\U000e0041", "\xad"),
    *("{{ code }}", "{% raw %}", "%(brand)s", "%s", "{0}", "\ue000", "\x00", "\x1b[31m", "\ud800", "\uffff"),
    *("https://evil.example/login", "evil.example", "evil。example", "www.evil.example", "mailto:a@evil.example"),
    *("e" + "\u0301" * 50, "x" * 10_000, "שלום", "مرحبا", "東京", "👩‍👩‍👧", "\ufdfa" * 40, " " * 500, "‮gpj.exe"),
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Firefox 145.0 on Windows", "Firefox 145.0 on Windows"),
        ("Kim's iPhone (work)", "Kim's iPhone (work)"),
        ("Zürich, CH", "Zürich, CH"),
        ("東京都、日本", "東京都、日本"),
        ("القاهرة، مصر", "القاهرة، مصر"),
        ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11 Linux)"),
        ("  two\r\n lines\t", "two lines"),
        ("Fire\u200bfox\u202e", "Firefox"),
        ("<b>bold</b>", "b bold /b"),
        ("visit https://evil.example/a", "visit https //evil example/a"),
        ("a@evil.example", "a evil example"),
        ("@gatepost.example #123456", "gatepost example 123456"),
        ("q" + "\u0301" * 9, "q" + "\u0301" * 3),
        ("x" * 100, "x" * 79 + "…"),
        ("\u202e\x00\u200b", ""),
        ("", ""),
    ],
)
def test_it_is_shown_as_plain_words(said: str, expected: str) -> None:
    assert shown(said) == expected


@given(HOSTILE)
def test_it_is_one_short_line_of_harmless_characters(said: str) -> None:
    line = shown(said)
    assert len(line) <= MOST_SHOWN
    assert line == line.strip()
    assert not {unicodedata.category(sign)[0] for sign in line} & {"C"}
    assert not {unicodedata.category(sign) for sign in line} & {"Zl", "Zp"}
    assert not set(line) & set('<>@#:"{}%\\`=;')
    assert shown(line) == line or line.endswith("…")  # which NFKC makes three dots of


@given(HOSTILE)
def test_no_mail_program_makes_a_link_of_it(said: str) -> None:
    before_letters = [line[:1] for line in shown(said).split(".")[1:]]
    assert not [sign for sign in before_letters if sign.isalpha()]


def details(*said: str) -> Details:
    device, place, factor = (text[:256] for text in said)
    return Details.of(NoticeDetails.model_construct(device=device, place=place, factor=factor[:64]))


@given(st.tuples(HOSTILE, HOSTILE, HOSTILE), st.sampled_from(LOCALES), st.sampled_from(list(NoticeKind)))
def test_it_cannot_change_a_mail(said: tuple[str, str, str], locale: str, kind: NoticeKind) -> None:
    mail = NoticeMail(kind, locale, NOW)
    plain = TEMPLATES.notice(replace(mail, details=Details("a", "b", "c")))
    content = TEMPLATES.notice(replace(mail, details=details(*(text or "-" for text in said))))

    assert content.subject == plain.subject
    tags = Reader(content.html).tags
    assert [tag for tag in tags if tag != "p"] == [tag for tag in Reader(plain.html).tags if tag != "p"]
    assert tags.count("p") <= Reader(plain.html).tags.count("p")
    lines, plain_lines = content.text.splitlines(), plain.text.splitlines()
    assert len(lines) <= len(plain_lines)
    assert lines[0] == plain_lines[0]
    assert lines[-3:] == plain_lines[-3:]
    assert content.text.count("\u2068") == content.text.count("\u2069")
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\r\x00\u200b") & set(content.text + content.html)


@given(HOSTILE)
def test_whatever_it_is_the_provider_gets_a_mail_of_the_same_build(said: str) -> None:
    content = TEMPLATES.notice(NoticeMail(NoticeKind.NEW_DEVICE, "ar", NOW, details=details(said, said, said)))
    mail = OutgoingMail(notice_due().notice_id, ADDRESS, content)
    body: dict[str, Any] = json.loads(SendGridPayload("no-reply@gatepost.example", "Gatepost").of(mail))
    assert refusals(body) == []
    message = EmailMessage()
    message["Subject"] = content.subject
    message.set_content(content.text)  # raises for what cannot be encoded
    message.add_alternative(content.html, subtype="html")
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
