"""Bring what the outbox holds to Kafka, in order, from one instance at a time: policies, and after them the rest.

The topic is compacted: the last version of a region that lands *is* its state, so an older one must not land last.
Three things see to that:

1. One leader. It holds a lock that ends with its database session, and asks that same session for each next event
   just before publishing it: an answer proves that the lock was still held.
2. One event at a time, in the order of the outbox; it leaves the outbox after Kafka has acknowledged it.
3. A leader's term begins with the current policy of every region. A former leader's publish can still land late (a
   producer retries by itself, and no lock reaches into Kafka). Every instance therefore reads the topic, and when the
   leader sees a region go back it begins a new term. A topic that was wiped is healed by the next regular term.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog
from opentelemetry import context, propagate

from services.rollout.use_cases.outbox import Outbox, Pending, RelaySession
from services.rollout.use_cases.policy_event import policy_event
from shared.events import Event, RegionPolicyChanged
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()
_oldest_age = meter.create_gauge(
    "gatepost.rollout.outbox.oldest_age", unit="s", description="age of the oldest change that is not on Kafka yet"
)


class Publisher(Protocol):
    async def publish(self, event: Event) -> None:
        """Returns once it is on Kafka. Raises DependencyUnavailable."""


@dataclass(frozen=True, slots=True)
class Pace:
    """In seconds. `look_s`: a notification can be missed, a look cannot. `term_s`: how long a wiped topic stays so."""

    retry_s: float = 1.0
    look_s: float = 5.0
    term_s: float = 300.0


class RelayPolicies:
    def __init__(self, outbox: Outbox, publisher: Publisher, pace: Pace | None = None) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._pace = pace or Pace()
        self._woken = asyncio.Event()
        self._term_is_over = False
        self._last_seen: dict[str, int] = {}

    def saw(self, event: RegionPolicyChanged) -> None:
        """To be told of everything that lands on the topic, whoever published it."""
        if event.version < self._last_seen.get(event.region, 0):
            _log.warning("policy_went_back", region=event.region, version=event.version)
            self._begin_new_term()
        # The last, not the highest: a database restored from a backup must not start this over for ever.
        self._last_seen[event.region] = event.version

    def saw_unreadable(self, region: str) -> None:
        """Somebody else wrote to our topic, and what they wrote is now the region's last word."""
        _log.error("policy_unreadable", region=region[:64])
        self._begin_new_term()

    def _begin_new_term(self) -> None:
        self._term_is_over = True
        self._woken.set()

    async def run(self) -> None:
        """For ever. Whatever goes wrong ends the session, so that an instance that fares better may lead."""
        while True:
            try:
                async with self._outbox.session(self._woken.set) as session:
                    await self._take_part(session)
            except DependencyUnavailable as error:
                _log.warning("relay_waits", dependency=error.dependency)
            except Exception as error:
                _log.error("relay_failed", exc_info=error)
            await asyncio.sleep(self._pace.retry_s)

    async def _take_part(self, session: RelaySession) -> None:
        while not await session.lead():
            await asyncio.sleep(self._pace.retry_s)
        _log.info("relay_leads")
        while True:
            await self._term(session)

    async def _term(self, session: RelaySession) -> None:
        self._term_is_over = False
        ends_at = time.monotonic() + self._pace.term_s
        await self._oldest(session)
        for region in await session.settled():
            await self._publisher.publish(policy_event(region))
        while time.monotonic() < ends_at and not self._term_is_over:
            self._woken.clear()  # before looking: what comes during the look wakes us again
            await self._drain(session)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._pace.look_s)

    async def _drain(self, session: RelaySession) -> None:
        while pending := await self._oldest(session):
            await self._publish(pending)
            await session.published(pending)

    @staticmethod
    async def _oldest(session: RelaySession) -> Pending | None:
        pending = await session.next()
        _oldest_age.set(pending.age_s if pending else 0)
        return pending

    async def _publish(self, pending: Pending) -> None:
        """As a part of the trace that caused it."""
        token = context.attach(propagate.extract(pending.trace))
        try:
            await self._publisher.publish(pending.event)
        finally:
            context.detach(token)
