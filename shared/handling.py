"""One message, from its bytes to an effect. When it returns, the effect is done or the message is safe elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import structlog

from shared.cloudevents import Headers, Undecodable, decode
from shared.events import Event
from shared.publisher import EventPublisher
from shared.redelivery import TryLater, carried, redeliver
from shared.telemetry import failed
from shared.unavailable import DependencyUnavailable

E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]
Record = Any  # aiokafka.ConsumerRecord[bytes, bytes]; the library has no types

_log = structlog.get_logger()

# A publisher gives up after 5 s and says so to its caller; the producer goes on trying. What the broker took a
# minute later belongs to a login that was answered 503: a mail for it would only frighten.
ABANDONED_AFTER: Final = timedelta(seconds=60)
_LOG_APPEND_TIME: Final = 1


@dataclass(frozen=True, slots=True)
class HandlingLimits:
    deadline_s: float
    publish_again_s: float


class Handling(Generic[E]):
    """`given_up` is told of an event that can be read and will not be handled any more: expired, or out of tries."""

    def __init__(
        self,
        event_type: type[E],
        handle: Handler[E],
        given_up: Handler[E] | None,
        publisher: EventPublisher,
        limits: HandlingLimits,
    ) -> None:
        self._event_type = event_type
        self._handle = handle
        self._given_up = given_up
        self._publisher = publisher
        self._limits = limits

    async def __call__(self, record: Record, headers: Headers) -> str:
        """What became of it: done, abandoned, expired, retried or dead."""
        event: E | None = None
        try:
            event = decode(self._event_type, headers, record.value)
            if self._abandoned(record, headers):
                _log.warning("event_abandoned", event_id=event.id)
                return "abandoned"
            if event.worthless_after is not None and event.worthless_after <= datetime.now(UTC):
                _log.warning("event_expired", event_id=event.id)
                await self._tell(event)
                return "expired"
            async with asyncio.timeout(self._limits.deadline_s):
                await self._handle(event)
        except asyncio.CancelledError as error:
            if (me := asyncio.current_task()) is None or me.cancelling():
                raise  # we are to stop: uncommitted, so it is read again
            return await self._redeliver(record, headers, error, event)  # something that the handler waited for was
        except Exception as error:  # whatever it was, the message must not be lost
            return await self._redeliver(record, headers, error, event)
        return "done"

    def _abandoned(self, record: Record, headers: Headers) -> bool:
        """By the broker's time, on the event's own topic: a retry is late on purpose."""
        if record.topic != self._event_type.topic or record.timestamp_type != _LOG_APPEND_TIME:
            return False
        try:
            published = datetime.fromisoformat(headers["ce_time"])
            return datetime.fromtimestamp(record.timestamp / 1000, UTC) - published > ABANDONED_AFTER
        except (KeyError, ValueError, TypeError):
            return False  # not one of ours; its handler judges it

    async def _redeliver(self, record: Record, headers: Headers, error: BaseException, event: E | None) -> str:
        worthless_after = event.worthless_after if event else None
        now = datetime.now(UTC)
        next_stop = redeliver(self._event_type.topic, headers, error, now=now, worthless_after=worthless_after)
        self._report(headers, error, next_stop.topic)
        if next_stop.exhausted and event is not None:
            await self._tell(event)
        key, body, kept = carried(record.key, record.value, headers)
        while True:
            try:
                await self._publisher.send(next_stop.topic, key, body, kept | next_stop.headers)
            except DependencyUnavailable:
                await asyncio.sleep(self._limits.publish_again_s)  # not committed until it is safe elsewhere
            else:
                return "dead" if next_stop.dead else "retried"

    async def _tell(self, event: E) -> None:
        """As well as it can be done: the message itself goes where it must, whether or not this succeeds."""
        if self._given_up is None:
            return
        try:
            async with asyncio.timeout(self._limits.deadline_s):
                await self._given_up(event)
        except Exception as error:
            _log.warning("giving_up_not_told", event_id=event.id, error=type(error).__name__)

    def _report(self, headers: Headers, error: BaseException, next_topic: str) -> None:
        name = type(error).__name__
        failed(name)
        expected = isinstance(error, DependencyUnavailable | TryLater | Undecodable)
        event_id = headers.get("ce_id", "")[:64]
        _log.warning(
            "event_not_handled", event_id=event_id, error=name, next=next_topic, exc_info=None if expected else error
        )
