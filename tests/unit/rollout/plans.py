"""Plans for tests: three waves, four regions; the dates are in the week after NOON, on the clocks of the regions."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.rollout.domain.plan import Plan, PlanState
from services.rollout.domain.plan_content import PlanContent
from services.rollout.domain.wave import Member, Wave
from tests.unit.rollout.samples import NOON

PLAN_ID = UUID("0a3b8c5e-0f43-4a3b-9e6c-5d2e7f10aa01")


def shown(clock: str) -> datetime:
    """What a clock shows, without offset: "2026-11-25T09:00"."""
    return datetime.fromisoformat(clock)


def wave(*regions: str, zone: str = "UTC", **changes: Any) -> Wave:
    """Told on the 25th, shadow on the 27th, from the 30th in steps of a day; at nine."""
    values: dict[str, Any] = {
        "name": "wave 1",
        "members": tuple(Member(region, zone, 1) for region in regions or ("emea",)),
        "announce_at": shown("2026-11-25T09:00"),
        "shadow_at": shown("2026-11-27T09:00"),
        "begin_at": shown("2026-11-30T09:00"),
        "steps": (500, 2_500),
        "step_every": timedelta(days=1),
    }
    return Wave(**(values | changes))


def content(*waves: Wave) -> PlanContent:
    return PlanContent(name="by spring", reason="as agreed", waves=waves or (wave(),))


def plan(state: PlanState = PlanState.RUNNING, told: PlanContent | None = None) -> Plan:
    """Written by rosa; approved by ava, where its state says that it was."""
    made = Plan.draft(PLAN_ID, told or content(), "rosa", NOON)
    if state not in (PlanState.DRAFT, PlanState.IN_REVIEW, PlanState.REJECTED):
        made = replace(made, approval=made.approval.given("ava", made.content.digest))
    return replace(made, state=state)
