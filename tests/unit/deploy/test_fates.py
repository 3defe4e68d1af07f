"""What becomes of a mail at the SendGrid double, and the events that say so."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from deploy.local.sendgrid_double.delivery_events import events_of
from deploy.local.sendgrid_double.fates import Fate
from deploy.local.sendgrid_double.plan import BadPlan

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
REQUEST: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "ada@example.com"}]}],
    "custom_args": {"message_id": "m-1", "region": "emea"},
}


def told(**fate: object) -> list[dict[str, Any]]:
    ids = count()
    return list(events_of(REQUEST, "sg-1", Fate.parse(fate), NOON, lambda: str(next(ids))))


def test_a_mail_is_delivered_unless_something_else_is_planned() -> None:
    assert Fate.parse({}) == Fate()
    assert [event["event"] for event in told()] == ["processed", "delivered"]
    assert told()[1] == {
        "message_id": "m-1",
        "region": "emea",
        "email": "ada@example.com",
        "event": "delivered",
        "timestamp": int(NOON.timestamp()),
        "sg_event_id": "1",
        "sg_message_id": "sg-1.recvd-0",
        "smtp-id": "<sg-1@mailbox>",
        "response": "250 2.0.0 OK",
    }


def test_copies_have_one_id() -> None:
    assert [event["sg_event_id"] for event in told(events=["deferred", "delivered"], copies=2)] == ["0", "0", "1", "1"]


def test_a_bounce_says_of_which_kind_it_is() -> None:
    assert [(event["type"], event["status"]) for event in told(events=["bounce"])] == [("bounce", "5.1.1")]
    (blocked,) = told(events=["bounce"], type="blocked", reason="550 spam")
    assert (blocked["type"], blocked["reason"]) == ("blocked", "550 spam")


@pytest.mark.parametrize(
    ("events", "arrives"),
    [
        (["processed", "delivered"], True),
        (["delivered", "spamreport"], True),
        (["deferred", "bounce"], False),
        (["dropped"], False),
        ([], False),
    ],
)
def test_only_what_was_delivered_arrives(events: list[str], arrives: bool) -> None:
    assert Fate.parse({"events": events}).arrives is arrives


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"events": "delivered"},
        {"events": ["open"]},
        {"events": [["delivered"]]},
        {"events": ["delivered"] * 21},
        {"type": "soft"},
        {"reason": 550},
        {"reason": "x" * 1001},
        {"copies": 0},
        {"copies": 101},
        {"copies": True},
        {"shuffled": 1},
        {"delay_s": -1},
        {"count": 0},
        {"status": 500},
    ],
)
def test_a_fate_that_makes_no_sense_is_refused(body: Any) -> None:
    with pytest.raises(BadPlan):
        Fate.parse(body)
