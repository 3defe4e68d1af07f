"""An operator says that a silent instance of auth is no more: a machine that was lost, a process that was killed."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

import structlog

from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.propagation import InstanceState
from services.rollout.use_cases.hear_instances import HearInstances
from shared.events import InstanceForgotten

_log = structlog.get_logger()


class Forgetting(Enum):
    DONE = auto()
    UNKNOWN = auto()
    LIVE = auto()  # its next heartbeat would bring it back


class Forgotten(Protocol):
    async def write(self, event: InstanceForgotten, deed: Deed) -> None:
        """For publication, with its entry in the audit: both or neither. Raises: DependencyUnavailable."""


class ForgetInstance:
    def __init__(self, hear: HearInstances, forgotten: Forgotten, now: Callable[[], datetime]) -> None:
        self._hear = hear
        self._forgotten = forgotten
        self._now = now

    async def __call__(self, instance: UUID, operator: str) -> Forgetting:
        """Durable when this returns; the others of us know as soon as Kafka does. Raises: DependencyUnavailable."""
        now, known = self._now(), self._hear.find(instance)
        if known is None:
            return Forgetting.UNKNOWN
        if known.state(now) is InstanceState.LIVE:
            return Forgetting.LIVE
        event = InstanceForgotten(instance=instance, heartbeat_at=known.last.at, forgotten_by=operator, at=now)
        await self._forgotten.write(event, _deed(event, known.last.name))
        self._hear.forgotten(event)
        _log.info("instance_forgotten", instance=str(instance), name=known.last.name, operator=operator)
        return Forgetting.DONE


def _deed(event: InstanceForgotten, name: str) -> Deed:
    """`name`: as the instance told it; what cannot be printed may be no text to a database."""
    shown = "".join(char for char in name if char.isprintable())
    detail = {"name": shown, "heartbeat_at": event.heartbeat_at.isoformat()}
    return Deed(event.forgotten_by, AuditAction.INSTANCE_FORGOTTEN, f"instance:{event.instance}", None, detail)
