"""Plans as rows, and rows as plans."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.rollout.domain.approval import Approval
from services.rollout.domain.plan import Plan, PlanState
from services.rollout.domain.plan_content import PlanContent
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.wave import Member, Wave


def plan_row(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "revision": plan.revision,
        "author": plan.author,
        "content": plan.content.as_json(),
        "state": plan.state.value,
        "authors": sorted(plan.approval.authors),
        "approved_by": plan.approval.by,
        "approved_digest": plan.approval.digest,
        "because": plan.because,
        "changed_at": plan.changed_at,
    }


def plan_in(row: "sa.Row[Any]") -> Plan:
    return Plan(
        id=row.id,
        revision=row.revision,
        author=row.author,
        content=_content(row.content),
        state=PlanState(row.state),
        approval=Approval(frozenset(row.authors), row.approved_by, row.approved_digest),
        changed_at=row.changed_at,
        because=row.because,
    )


def _content(told: Mapping[str, Any]) -> PlanContent:
    """As `PlanContent.as_json` told it."""
    return PlanContent(name=told["name"], reason=told["reason"], waves=tuple(_wave(wave) for wave in told["waves"]))


def _wave(told: Mapping[str, Any]) -> Wave:
    return Wave(
        name=told["name"],
        members=tuple(Member(**member) for member in told["members"]),
        announce_at=_wall(told["announce_at"]),
        shadow_at=_wall(told["shadow_at"]),
        begin_at=datetime.fromisoformat(told["begin_at"]),
        steps=tuple(told["steps"]),
        step_every=timedelta(seconds=told["step_every"]),
        thresholds=_thresholds(told["thresholds"]),
    )


def _thresholds(told: Mapping[str, Any] | None) -> Thresholds | None:
    return None if told is None else Thresholds(**told)


def _wall(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
