"""Fault arithmetic of the SendGrid double."""

from typing import Any

import pytest

from deploy.local.sendgrid_double.faults import Fault
from deploy.local.sendgrid_double.plan import BadPlan, Plan


def test_a_fault_with_a_count_hits_that_many_requests_and_no_more() -> None:
    plan = Plan[Fault]()
    plan.current = Fault.parse({"status": 429, "count": 2})
    assert [fault.status if fault else None for fault in (plan.take(), plan.take(), plan.take())] == [429, 429, None]
    assert plan.current is None


def test_a_fault_without_a_count_lasts_until_it_is_cleared() -> None:
    plan = Plan[Fault]()
    plan.current = Fault.parse({"status": 500})
    assert all(plan.take() == Fault(500) for _ in range(100))


def test_what_is_left_of_the_count_can_be_seen() -> None:
    plan = Plan[Fault]()
    plan.current = Fault.parse({"status": 503, "count": 3})
    plan.take()
    assert plan.current.as_json() == {
        "status": 503,
        "delay_s": 0.0,
        "count": 2,
        "drop": False,
        "fault": None,
    }


def test_a_delay_alone_still_accepts_the_mail() -> None:
    fault = Fault.parse({"delay_s": 2})
    assert (fault.status, fault.delay_s, fault.accepts, fault.drop) == (202, 2.0, True, False)


def test_an_empty_fault_is_an_ordinary_answer() -> None:
    assert Fault.parse({}) == Fault()


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "429",
        {"status": True},
        {"status": "429"},
        {"status": 99},
        {"status": 600},
        {"status": 429.0},
        {"delay_s": -1},
        {"delay_s": True},
        {"delay_s": float("nan")},
        {"delay_s": float("inf")},
        {"delay_s": 3601},
        {"delay_s": 10**400},
        {"count": 0},
        {"count": 1.5},
        {"count": True},
        {"drop": 1},
        {"drop": None},
        {"statuss": 429},
        {"fault": "hangs"},
        {"fault": ["hang"]},
        {"fault": True},
        {"fault": "hang", "status": 202},
        {"fault": "reset", "status": 500},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(body: Any) -> None:
    with pytest.raises(BadPlan):
        Fault.parse(body)
