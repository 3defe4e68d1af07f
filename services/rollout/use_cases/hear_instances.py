"""Keep what the instances of auth tell of themselves, in memory: each of ours reads both topics from the beginning."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from services.rollout.domain.propagation import Instances, InstanceState, KnownInstance
from shared.events import InstanceForgotten, PolicyApplied
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()


class HearInstances:
    """`news` is set, and replaced by another, when more than a heartbeat has come."""

    def __init__(self, instances: Instances, now: Callable[[], datetime]) -> None:
        self._instances = instances
        self._now = now
        self._whole_topics: tuple[asyncio.Event, ...] = ()
        self.news = asyncio.Event()

    def reading(self, *whole_topics: asyncio.Event) -> None:
        """Until all of them are set, some instances are not known yet, and nothing may be said of all."""
        self._whole_topics = whole_topics

    def heard(self, event: PolicyApplied) -> None:
        if self._instances.heard(event, self._now()):
            _log.info("instance_heard", instance=str(event.instance), name=event.name, going=event.going)
            self._tell()

    def forgotten(self, event: InstanceForgotten) -> None:
        self._instances.forget(event)
        self._tell()

    def unreadable(self, key: str) -> None:
        """Somebody else wrote to the topic; the instance's next heartbeat says all that this one should have."""

    def known(self) -> list[KnownInstance]:
        """Raises: DependencyUnavailable."""
        if not self._whole_topics or not all(whole.is_set() for whole in self._whole_topics):
            raise DependencyUnavailable("kafka")
        return self._instances.known(self._now())

    def find(self, instance: UUID) -> KnownInstance | None:
        """Raises: DependencyUnavailable."""
        return next((each for each in self.known() if each.id == instance), None)

    def states(self) -> list[InstanceState]:
        """Raises: DependencyUnavailable."""
        return [instance.state(self._now()) for instance in self.known()]

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
