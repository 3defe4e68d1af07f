"""The body for SendGrid, checked by the double's reading of SendGrid's documentation."""

import json
from typing import Any

from deploy.local.sendgrid_double.validate_mail import refusals
from services.notifier.adapters.sendgrid_payload import SendGridPayload
from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from tests.unit.notifier.fakes import ADDRESS, CODE, passcode_issued

MESSAGE_ID = passcode_issued().message_id


def payload(to: str = ADDRESS, subject: str = "Subject", text: str = f"text {CODE}") -> dict[str, Any]:
    mail = OutgoingMail(MESSAGE_ID, to, Content(subject, text, "<p>html</p>"))
    body: dict[str, Any] = json.loads(SendGridPayload("no-reply@gatepost.example", "Gatepost").of(mail))
    return body


def test_sendgrid_accepts_it() -> None:
    assert refusals(payload()) == []


def test_plain_text_comes_before_html() -> None:
    assert payload()["content"] == [
        {"type": "text/plain", "value": f"text {CODE}"},
        {"type": "text/html", "value": "<p>html</p>"},
    ]


def test_there_is_one_recipient() -> None:
    assert payload()["personalizations"] == [{"to": [{"email": ADDRESS}]}]


def test_an_address_is_never_read_as_a_name() -> None:
    assert payload("Kim <kim@customer.example>")["personalizations"] == [
        {"to": [{"email": "Kim <kim@customer.example>"}]}
    ]


def test_nothing_tracks_the_reader_or_adds_to_the_mail() -> None:
    assert payload()["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
    }
    assert payload()["mail_settings"]["footer"] == {"enable": False}


def test_who_unsubscribed_from_other_mail_still_gets_a_code() -> None:
    assert payload()["mail_settings"]["bypass_unsubscribe_management"] == {"enable": True}


def test_holiday_robots_are_told_not_to_answer() -> None:
    assert payload()["headers"] == {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }


def test_custom_args_are_strings_and_nothing_personal() -> None:
    labels = {"message_id": str(MESSAGE_ID), "attempt": "1"}
    mail = OutgoingMail(MESSAGE_ID, "a@customer.example", Content("S", "one", "one"), labels)
    assert json.loads(SendGridPayload("no-reply@gatepost.example", "Gatepost").of(mail))["custom_args"] == labels


def test_line_breaks_quotes_and_foreign_letters_stay_inside_their_value() -> None:
    nasty = 'a"},{"b":1}\r\nBcc: evil@evil.example\u2028\ud800'
    assert payload(subject=nasty)["subject"] == nasty


def test_mails_share_no_state() -> None:
    builder = SendGridPayload("no-reply@gatepost.example", "Gatepost")
    first = builder.of(OutgoingMail(MESSAGE_ID, "a@customer.example", Content("S", "one", "one")))
    second = builder.of(OutgoingMail(MESSAGE_ID, "b@customer.example", Content("S", "two", "two")))
    assert b"a@customer.example" not in second
    assert b"one" not in second
    assert first == builder.of(OutgoingMail(MESSAGE_ID, "a@customer.example", Content("S", "one", "one")))
