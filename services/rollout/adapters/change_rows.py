"""Changes as rows, and rows as changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.rollout.domain.approval import Approval
from services.rollout.domain.change import Change, State
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction
from services.rollout.domain.region import Policy
from shared.events import PolicyMode


def change_row(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "revision": change.revision,
        "author": change.author,
        "region": change.content.region,
        "base_version": change.content.base_version,
        "content": change.content.as_json(),
        "direction": change.direction.value,
        "state": change.state.value,
        "apply_at": change.content.apply_at,
        "authors": sorted(change.approval.authors),
        "approved_by": change.approval.by,
        "approved_digest": change.approval.digest,
        "ended_because": change.ended_because,
        "changed_at": change.changed_at,
        "plan_id": change.plan_id,
    }


def change_in(row: "sa.Row[Any]") -> Change:
    return Change(
        id=row.id,
        revision=row.revision,
        author=row.author,
        content=_content(row.content),
        direction=Direction(row.direction),
        state=State(row.state),
        approval=Approval(frozenset(row.authors), row.approved_by, row.approved_digest),
        changed_at=row.changed_at,
        ended_because=row.ended_because,
        plan_id=row.plan_id,
    )


def _content(told: Mapping[str, Any]) -> Content:
    """As `Content.as_json` told it."""
    policy = told["policy"]
    dates = {name: _moment(policy[name]) for name in ("announce_at", "enforce_at", "bypass_until")}
    return Content(
        region=told["region"],
        base_version=told["base_version"],
        policy=Policy(PolicyMode(policy["mode"]), policy["percent"], **dates),
        reason=told["reason"],
        apply_at=_moment(told["apply_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
