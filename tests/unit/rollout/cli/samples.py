"""What rollout answers, as its own models tell it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.rollout.api.audit import AuditEntryOut
from services.rollout.api.change_bodies import ChangeInFullOut, DifferenceOut, PolicyOut
from services.rollout.api.propagation import InstanceOut, PropagationOut
from services.rollout.api.region_bodies import RegionOut
from services.rollout.domain.audit import AuditAction, AuditEntry, Deed, Head
from services.rollout.domain.change import State
from services.rollout.domain.direction import Direction
from services.rollout.domain.propagation import InstanceState, Standing
from shared.events import PolicyMode

Json = dict[str, Any]
ID = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
AT = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


def region(**other: Any) -> Json:
    told = RegionOut(
        region="emea",
        version=3,
        mode=PolicyMode.RAMP,
        percent=1_000,
        announce_at=None,
        enforce_at=AT,
        bypass_until=None,
        reason="first step",
        changed_by="rosa",
        changed_at=AT,
        change_id=ID,
    )
    return told.model_dump(mode="json") | other


def change(state: State = State.DRAFT, **other: Any) -> Json:
    told = ChangeInFullOut(
        id=ID,
        revision=2,
        region="emea",
        base_version=3,
        direction=Direction.RAISES,
        state=state,
        policy=PolicyOut(mode=PolicyMode.RAMP, percent=2_500, announce_at=None, enforce_at=AT, bypass_until=None),
        reason="wave 2, first step",
        apply_at=None,
        digest="d" * 64,
        author="rosa",
        authors=["rosa"],
        approved_by=None,
        ended_because=None,
        changed_at=AT,
        differences=[DifferenceOut(field="percent", before=1_000, after=2_500)],
    )
    return told.model_dump(mode="json") | other


def propagation(**other: Any) -> Json:
    instance = InstanceOut(
        instance=ID,
        name="auth:8000",
        version=4,
        standing=Standing.CURRENT,
        latency_ms=41,
        state=InstanceState.LIVE,
        heartbeat_at=AT,
    )
    told = PropagationOut(region="emea", version=4, everywhere=True, slowest_ms=41, instances=[instance])
    return told.model_dump(mode="json") | other


def audit() -> list[Json]:
    """Three entries that hold."""
    head, entries = Head(), []
    for number in range(3):
        deed = Deed("rosa", AuditAction.CHANGE_DRAFTED, f"change:{ID}", "emea", {"revision": number + 1})
        entry = AuditEntry.after(head, deed, AT)
        entries.append(AuditEntryOut.model_validate(entry).model_dump(mode="json"))
        head = Head(entry.number, entry.hash)
    return entries


def head() -> Json:
    newest = audit()[-1]
    return {"number": newest["number"], "hash": newest["hash"]}


PAUSE: Json = {
    "id": str(ID), "region": "emea", "since": "2026-11-29T09:00:00Z", "by": "system", "because": "bounced is 9.0 %",
    "figures": None, "ended_at": None, "ended_by": None, "ended_because": None,
}  # fmt: skip
GUARD: Json = {
    "region": "emea",
    "result": "fail",
    "because": "bounced is 9.0 %",
    "as_of": "2026-11-29T09:00:00Z",
    "evidence_since": "2026-11-29T08:00:00Z",
    "thresholds": {"minimum_sample": 30},
    "windows": [
        {
            "window": "15m",
            "figures": [
                {"measure": "bounced", "value": 0.09, "sample": 50, "limit": 0.05, "baseline": None, "result": "fail"},
                {"measure": "p95_accepted_s", "value": None, "sample": 0, "limit": 30.0, "baseline": 2.5,
                 "result": "hold"},
            ],
        }
    ],
    "pause": PAUSE,
}  # fmt: skip
PREVIEW: Json = {
    "region": "emea",
    "population": {
        "accounts": 120, "sso": 20, "locked": 0, "totp": 0, "own_mfa": 5, "concerned": 95, "unusable": 2,
        "suppressed": 1, "counted_at": "2026-11-29T09:00:00Z", "age_s": 4,
    },
    "busiest_hour": {"hour": "2026-11-29T08:00:00Z", "logins": 60},
    "steps": [
        {"percent": 2_500, "challenged": 24, "off_by": 0, "unusable": 1, "suppressed": 0, "codes_per_minute": 0.25,
         "busiest_minute": 2, "fits": {"smtp": True}},
    ],
    "providers": [],
    "accuracy": ["Counted, not estimated."],
}  # fmt: skip
WAVE: Json = {
    "name": "wave 1",
    "regions": [{"region": "emea", "time_zone": "Europe/Berlin", "base_version": 3}],
    "announce_at": None, "shadow_at": None, "begin_at": "2027-02-01T09:00:00", "steps": [500, 2_500],
    "step_every": "P2D", "thresholds": None,
}  # fmt: skip


def plan(state: str = "draft", **other: Any) -> Json:
    step = {
        "region": "emea", "rung": "step", "mode": "ramp", "percent": 500, "waits_for": "date",
        "until": "2027-02-01T08:00:00Z", "because": None, "done": False,
    }  # fmt: skip
    return {
        "id": str(ID), "revision": 2, "name": "everybody by spring", "reason": "as agreed", "state": state,
        "waves": [WAVE], "digest": "d" * 64, "author": "rosa", "authors": ["rosa"], "approved_by": None,
        "because": None, "changed_at": "2026-11-29T09:00:00Z", "course": [step], **other,
    }  # fmt: skip
