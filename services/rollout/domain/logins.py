"""Logins by region and hour: what shadow would have asked, and how many codes the busiest hour needs. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.events import LoginOutcome

KEPT: Final = timedelta(days=30)
# An attempt's id is remembered for as long as it may come again: what is older is not counted, since nobody could say
# whether it was before.
REMEMBERED: Final = timedelta(hours=24)
AHEAD: Final = timedelta(hours=1)  # how far auth's clock may be before ours

# Nothing that the person has (a trusted device, an app, another company's factor) had settled it: the region decides.
# As auth says it (services/auth/domain/decision.py).
BY_REGION: Final = frozenset(
    {
        "region-off",
        "region-shadow",
        "outside-ramp",
        "inside-ramp",
        "region-enforced",
        "region-bypassed",
        "bypass-ended",
        "region-unknown",
        "new-account-grace",
    }
)
_COMPLETED: Final = "completed"  # the end of a login that was counted when it was challenged
_STEP_UP: Final = "step-up"  # of a session that there is


@dataclass(frozen=True, slots=True, order=True)
class LoginKind:
    """`hour`: its beginning, UTC. `outcome` and `reason` are auth's words."""

    region: str
    hour: datetime
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class CountedLogins:
    kind: LoginKind
    logins: int


@dataclass(frozen=True, slots=True)
class BusiestHour:
    """Of the hours that are kept, the one with the most `logins` that the region decides."""

    hour: datetime
    logins: int


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def login_kind(event: LoginOutcome) -> LoginKind | None:
    """By the time of the event, not of its arrival. None: no login that a region or a factor decided, or no words."""
    if event.region is None or event.outcome == _COMPLETED or event.reason == _STEP_UP:
        return None
    if not f"{event.region}{event.outcome}{event.reason}".isprintable():  # would be refused with all that came with it
        return None
    return LoginKind(event.region, hour_of(event.at), event.outcome, event.reason)


def is_timely(event: LoginOutcome, now: datetime) -> bool:
    return now - REMEMBERED <= event.at <= now + AHEAD
