"""Apply the scheduled changes whose date has come. One that cannot be is halted, with the reason: never postponed, and
never passed over in silence."""

from datetime import datetime
from typing import Protocol

import structlog

from services.rollout.domain.change import Change, ChangeObjection
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.changes import SYSTEM, Refusal, Refused, Why
from services.rollout.use_cases.decide_change import DecideChange
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()


class DueChanges(Protocol):
    async def due(self, now: datetime) -> list[Change]:
        """Raises: DependencyUnavailable."""


class ApplyDue:
    def __init__(self, changes: DueChanges, apply: ApplyChange, decide: DecideChange) -> None:
        self._changes = changes
        self._apply = apply
        self._decide = decide

    async def round(self, now: datetime) -> None:
        """Raises: DependencyUnavailable."""
        away: DependencyUnavailable | None = None
        for change in await self._changes.due(now):
            try:
                await self._apply_or_halt(change)
            except DependencyUnavailable as error:  # it may be one row that somebody else has locked
                away = error
            except Exception as error:  # whatever it is: those after it are due as well
                _log.error("due_change_failed", change=str(change.id), exc_info=error)
        if away is not None:
            raise away

    async def _apply_or_halt(self, change: Change) -> None:
        outcome = await self._apply(change.id, change.revision, SYSTEM)
        if not isinstance(outcome, Change) and (because := _because(change, outcome)) is not None:
            _log.warning("change_halted", change=str(change.id), region=change.content.region, because=because)
            await self._decide.halt(change.id, change.revision, SYSTEM, because)


def _because(change: Change, refused: Refused) -> str | None:
    """Why it is halted; None: it is not, or not yet."""
    match refused:
        case Refusal(Why.REGION_MOVED, current):
            return f"the region stands at version {current}, not at {change.content.base_version}"
        case Refusal(Why.REGION_PAUSED):
            return "the region is paused"
        case Refusal(Why.REVISION_MOVED | Why.UNKNOWN_CHANGE) | ChangeObjection.EARLY:
            return None  # somebody dealt with it; or the clocks do not agree that it is due
        case _:
            return str(refused)
