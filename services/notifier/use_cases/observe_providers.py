"""See how much each provider takes, and tell the others what is new of it.

Every notifier counts for itself and adds that to the count of all, every few seconds. Once a minute is over, and all
had time to add to it, each of them judges it, and all come to the same: whoever tells it first, it is one fact.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused
from services.notifier.domain.provider_pace import Minute, observed
from shared.events import ProviderLimitObserved

BEAT_S: Final = 10.0
SETTLED_S: Final = 25  # two beats and a half
_MINUTE_S: Final = 60
_NOTHING: Final = Minute()


class Minutes(Protocol):
    async def add(self, provider: str, minute: int, seen: Minute) -> Minute:
        """What all have seen of it. `minute`: since 1970. Raises: DependencyUnavailable."""


class ObserveProviders:
    """`set_per_minute`: the providers, each with what we let through to it."""

    def __init__(
        self,
        minutes: Minutes,
        set_per_minute: Mapping[str, int],
        publish: Callable[[ProviderLimitObserved], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._minutes = minutes
        self._set_per_minute = set_per_minute
        self._publish = publish
        self._now = now
        self._seen: dict[tuple[str, int], Minute] = {}
        self._known: dict[str, ProviderLimitObserved] = {}
        self._judged = 0

    def answered(self, provider: str, answer: ProviderAnswer) -> None:
        """Whatever it was: what says nothing of how much it takes is passed over."""
        accepted = isinstance(answer, Accepted)
        patience = answer.pause if isinstance(answer, Accepted) else None
        if isinstance(answer, Refused) and answer.reason != "circuit-open":  # that was us
            patience = answer.retry_after
        key = provider, self._minute()
        self._seen[key] = self._seen.get(key, _NOTHING).plus(Minute(int(accepted), int(patience is not None)))

    def told(self, event: ProviderLimitObserved) -> None:
        """By any of us."""
        self._known[event.provider] = event

    def unreadable(self, key: str) -> None:
        """Somebody else wrote to the topic; the next news replaces it."""

    async def beat(self, whole_topic: asyncio.Event) -> None:
        """Raises: DependencyUnavailable; what could not be added is added next time."""
        for key in list(self._seen):
            seen = self._seen.pop(key)
            try:
                await self._minutes.add(*key, seen)
            except BaseException:
                self._seen[key] = seen.plus(self._seen.get(key, _NOTHING))
                raise
        settled = int(self._now().timestamp() - SETTLED_S) // _MINUTE_S - 1
        if whole_topic.is_set() and settled > self._judged:
            for provider in self._set_per_minute:
                await self._judge(provider, settled)
            self._judged = settled

    async def _judge(self, provider: str, minute: int) -> None:
        total = await self._minutes.add(provider, minute, _NOTHING)
        ends = datetime.fromtimestamp((minute + 1) * _MINUTE_S, UTC)
        news = observed(self._known.get(provider), provider, total, ends, self._set_per_minute[provider])
        if news is not None:
            await self._publish(news)

    def _minute(self) -> int:
        return int(self._now().timestamp()) // _MINUTE_S
