"""What SendGrid's events mean."""

from typing import Any

import pytest

from services.notifier.domain.sendgrid_event import DeliveryReport, Unreported, read_event
from services.notifier.domain.suppression import Cause, Sighting
from shared.events import Outcome
from tests.unit.notifier.fakes import ADDRESS, NOW
from tests.unit.notifier.reports import SIGNED, labels, sendgrid_event


def report(name: str, **changes: Any) -> DeliveryReport:
    read = read_event(sendgrid_event(name, **changes), SIGNED.read)
    assert isinstance(read, DeliveryReport)
    return read


@pytest.mark.parametrize(
    ("name", "fields", "outcome", "reason", "suppresses"),
    [
        ("delivered", {"response": "250 OK"}, Outcome.DELIVERED, None, None),
        ("deferred", {"response": "400 try again later", "attempt": "5"}, Outcome.DEFERRED, None, None),
        ("bounce", {"type": "bounce", "reason": "550 5.1.1 unknown"}, Outcome.BOUNCED, None, Cause.BOUNCED),
        ("bounce", {"type": "blocked", "reason": "550 5.7.1 your IP"}, Outcome.BOUNCED, "blocked", None),
        ("bounce", {"type": "expired"}, Outcome.BOUNCED, "blocked", None),
        ("bounce", {}, Outcome.BOUNCED, "blocked", None),
        ("dropped", {"reason": "Bounced Address"}, Outcome.DROPPED, "bounced-address", Cause.DROPPED),
        ("dropped", {"reason": "Spam Reporting Address"}, Outcome.DROPPED, "spam-reporting-address", Cause.DROPPED),
        ("dropped", {"reason": "Invalid"}, Outcome.DROPPED, "invalid-address", Cause.DROPPED),
        ("dropped", {"reason": "Invalid SMTPAPI header"}, Outcome.DROPPED, None, None),
        ("dropped", {"reason": "Unsubscribed Address"}, Outcome.DROPPED, None, None),
        ("dropped", {"reason": "Recipient List over Package Quota"}, Outcome.DROPPED, None, None),
        ("dropped", {"reason": ["Invalid"]}, Outcome.DROPPED, None, None),
        ("spamreport", {}, Outcome.DELIVERED, "spam-report", Cause.SPAM_REPORT),
    ],
)
def test_an_event_has_an_outcome_and_says_something_of_the_address_or_not(
    name: str, fields: dict[str, Any], outcome: Outcome, reason: str | None, suppresses: Cause | None
) -> None:
    read = report(name, **fields)
    assert (read.outcome, read.reason) == (outcome, reason)
    assert read.sighting == (Sighting(ADDRESS, suppresses, NOW) if suppresses else None)


def test_it_is_of_the_time_that_the_event_names_and_of_the_mail_that_the_labels_name() -> None:
    ours = labels(attempt=3)
    read = report("delivered", ours=ours)
    assert (read.at, read.labels) == (NOW, ours)


def test_sendgrids_own_attempts_are_not_taken_for_ours() -> None:
    assert report("deferred", ours=labels(attempt=2), attempt="7").labels.attempt == 2


@pytest.mark.parametrize("name", ["processed", "open", "click", "unsubscribe", "group_resubscribe", "new-in-2030"])
def test_what_says_nothing_of_the_delivery_is_ignored(name: str) -> None:
    assert read_event(sendgrid_event(name), SIGNED.read) is Unreported.IGNORED


@pytest.mark.parametrize("field", ["message_id", "account_id", "kind", "region", "send_attempt", "labels_mac"])
def test_without_our_labels_it_is_of_somebody_elses_mail(field: str) -> None:
    assert read_event(sendgrid_event("delivered", None, **{field: None}), SIGNED.read) is Unreported.FOREIGN


@pytest.mark.parametrize(
    "event",
    [
        None,
        "delivered",
        [],
        sendgrid_event(event=7),
        sendgrid_event(event=["delivered"]),
        sendgrid_event(sg_event_id=None),
        sendgrid_event(sg_event_id=""),
        sendgrid_event(sg_event_id="x" * 257),
        sendgrid_event(sg_event_id=7),
        sendgrid_event(timestamp=None),
        sendgrid_event(timestamp="1513299569"),
        sendgrid_event(timestamp=-1),
        sendgrid_event(timestamp=10**30),
        sendgrid_event(timestamp=float("nan")),
    ],
)
def test_what_is_no_event_is_unreadable(event: object) -> None:
    assert read_event(event, SIGNED.read) is Unreported.UNREADABLE


@pytest.mark.parametrize("email", [None, 7, "", "kim", "kim@a.example, alex@b.example", "kim@\ud800.example"])
def test_a_bounce_of_what_is_no_address_is_a_bounce_all_the_same(email: object) -> None:
    read = report("bounce", type="bounce", email=email)
    assert (read.outcome, read.sighting) == (Outcome.BOUNCED, None)


def test_the_address_does_not_show() -> None:
    assert ADDRESS not in repr(report("bounce", type="bounce"))
