"""What a plan knows of a region, and what it can do next with it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from services.rollout.domain.pause import Pause
from services.rollout.domain.region import Region
from services.rollout.domain.verdict import Verdict
from services.rollout.domain.wave import Member, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is known of a region. `left_at`: the version that the plan made last; None: none yet. `begins_at`: when it
    begins, as people were told; None: they were not told yet. `resumed_at`: when its last pause ended."""

    standing: Region | None
    left_at: int | None = None
    begins_at: datetime | None = None
    paused: bool = False
    resumed_at: datetime | None = None

    def pausing(self, last: Pause | None) -> Self:
        """`last`: its pause that stands, or that ended last."""
        return replace(self, paused=last is not None and last.stands, resumed_at=last.ended_at if last else None)


class Waiting(StrEnum):
    """What a region waits for."""

    DATE = "date"
    INTERVAL = "interval"
    NOTICE = "notice"
    EARLIER_WAVE = "earlier-wave"
    EARLIER_GATE = "earlier-gate"
    OWN_GATE = "own-gate"
    PAUSE = "pause"
    BYPASS = "bypass"


@dataclass(frozen=True, slots=True)
class Climb:
    """Make the rung's policy that of the region, from `due` on."""

    member: Member
    rung: Rung
    due: datetime


@dataclass(frozen=True, slots=True)
class Tell:
    """Have people told that it begins then."""

    member: Member
    begins_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """`until` None: for no date. `rung` None: for the mail that tells people."""

    member: Member
    rung: Rung | None
    why: Waiting
    until: datetime | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Done:
    member: Member


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody else did something with the region: it stands at another version than expected."""

    member: Member
    expected: int
    standing: int


Move = Climb | Tell | Wait | Done | Moved
