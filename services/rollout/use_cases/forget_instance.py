"""An operator says that a silent instance of auth is no more: a machine that was lost, a process that was killed."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

import structlog

from services.rollout.domain.propagation import InstanceState
from services.rollout.use_cases.hear_instances import HearInstances
from shared.events import InstanceForgotten

_log = structlog.get_logger()


class Forgetting(Enum):
    DONE = auto()
    UNKNOWN = auto()
    LIVE = auto()  # its next heartbeat would bring it back


class ForgetInstance:
    def __init__(
        self,
        hear: HearInstances,
        publish: Callable[[InstanceForgotten], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._hear = hear
        self._publish = publish
        self._now = now

    async def __call__(self, instance: UUID, operator: str) -> Forgetting:
        """On Kafka when this returns, so that all of us know. Raises: DependencyUnavailable."""
        now, known = self._now(), self._hear.find(instance)
        if known is None:
            return Forgetting.UNKNOWN
        if known.state(now) is InstanceState.LIVE:
            return Forgetting.LIVE
        event = InstanceForgotten(instance=instance, heartbeat_at=known.last.at, forgotten_by=operator, at=now)
        await self._publish(event)
        self._hear.forgotten(event)
        _log.info("instance_forgotten", instance=str(instance), name=known.last.name, operator=operator)
        return Forgetting.DONE
