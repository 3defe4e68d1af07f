"""What comes back from a provider with its reports: ours, or nothing."""

from typing import Any
from uuid import uuid4

import pytest

from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.mail_labels import MailLabels
from tests.unit.notifier.fakes import notice_due, passcode_issued

TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
PASSCODE = MailLabels.of(MailDue.passcode(passcode_issued()), 2, {**TRACE, "baggage": "a caller's"})
NOTICE = MailLabels.of(MailDue.notice(notice_due()), 1, {})


@pytest.mark.parametrize("labels", [PASSCODE, NOTICE])
def test_labels_are_strings_that_come_back_as_they_were(labels: MailLabels) -> None:
    assert all(isinstance(value, str) for value in labels.texts().values())
    assert MailLabels.parse(labels.texts()) == labels


def test_of_a_trace_nothing_but_its_ids_goes_to_a_provider() -> None:
    assert PASSCODE.trace == TRACE


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "x"},
        {"message_id": 7},
        {"kind": "other"},
        {"send_attempt": "?"},
        {"region": "r" * 65},
        {"region": "\ud800"},
    ],
    ids=str,
)
def test_what_are_no_labels_is_none(changes: dict[str, Any]) -> None:
    assert MailLabels.parse({**PASSCODE.texts(), **changes}) is None
    assert MailLabels.parse({name: value for name, value in PASSCODE.texts().items() if name not in changes}) is None


def test_a_crowd_of_digits_is_no_number_to_wait_for() -> None:
    labels = MailLabels.parse({**PASSCODE.texts(), "send_attempt": "9" * 5_000, "account_id": str(uuid4())})
    assert labels is not None
    assert labels.attempt == 999_999
