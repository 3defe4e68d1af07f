"""What the double refuses, as SendGrid's documentation says."""

from copy import deepcopy
from typing import Any

import pytest

from deploy.local.sendgrid_double.validate_mail import refusals

PLAIN = {"type": "text/plain", "value": "493017"}
HTML = {"type": "text/html", "value": "<b>493017</b>"}
MAIL: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "ada@example.com"}], "custom_args": {"message_id": "m-1"}}],
    "from": {"email": "no-reply@gatepost.example", "name": "Gatepost"},
    "subject": "Your sign-in code",
    "content": [PLAIN, HTML],
    "headers": {"Auto-Submitted": "auto-generated"},
    "tracking_settings": {"click_tracking": {"enable": False}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """MAIL with `value` at the dotted `path`; None removes what is there."""
    mail = deepcopy(MAIL)
    holder: Any = mail
    *way, last = path.split(".")
    for step in way:
        holder = holder[int(step)] if step.isdigit() else holder[step]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return mail


def test_a_mail_like_ours_is_accepted() -> None:
    assert refusals(MAIL) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("personalizations.0.subject", "Another"),
        ("personalizations.0.cc", [{"email": "bo@example.com"}]),
        ("content", [PLAIN]),
        ("content", [HTML]),
        ("content", [PLAIN, HTML, {"type": "text/calendar", "value": "BEGIN"}]),
        ("personalizations", MAIL["personalizations"] * 1000),
        ("categories", ["otp"] * 10),
    ],
)
def test_what_the_documentation_allows_is_accepted(path: str, value: Any) -> None:
    assert refusals(changed(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("personalizations", None, "personalizations"),
        ("personalizations", [], "personalizations"),
        ("personalizations", MAIL["personalizations"] * 1001, "personalizations"),
        ("personalizations", ["x"], "personalizations.0"),
        ("personalizations.0.to", None, "personalizations.0.to"),
        ("personalizations.0.to", [], "personalizations.0.to"),
        ("personalizations.0.to", "ada@example.com", "personalizations.0.to"),
        ("personalizations.0.to", [{"email": "ada"}], "personalizations.0.to.0.email"),
        (
            "personalizations.0.to",
            [{"email": "ada@example.com\r\nBcc: x@example.com"}],
            "personalizations.0.to.0.email",
        ),
        ("personalizations.0.cc", [{"email": "ADA@example.com"}], "personalizations.0.cc.0.email"),
        ("personalizations.0.to", [{"email": f"u{n}@example.com"} for n in range(1001)], "personalizations.0"),
        ("personalizations.0.custom_args", {"attempt": 1}, "personalizations.0.custom_args"),
        ("personalizations.0.custom_args", {"long": "x" * 10_000}, "personalizations.0.custom_args"),
        ("from", None, "from.email"),
        ("from", {"email": 7}, "from.email"),
        ("subject", None, "subject"),
        ("subject", "", "subject"),
        ("content", None, "content"),
        ("content", [], "content"),
        ("content", [HTML, PLAIN], "content"),
        ("content", [{"type": "text/plain", "value": ""}], "content.0.value"),
        ("content", ["text"], "content.0.type"),
        ("headers", {"Subject": "x"}, "headers"),
        ("headers", {"X-Number": 1}, "headers"),
        ("categories", ["otp"] * 11, "categories"),
    ],
)
def test_what_the_documentation_refuses_is_refused_with_its_field(path: str, value: Any, field: str) -> None:
    assert field in [refusal.field for refusal in refusals(changed(path, value))]


@pytest.mark.parametrize("body", [None, 1, "mail", [], [MAIL]])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    assert len(refusals(body)) == 1
