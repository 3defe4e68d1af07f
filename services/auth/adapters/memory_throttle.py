"""Rate limits in this process alone, for while Redis is away."""

import heapq
from collections.abc import Callable, Sequence
from typing import Final

from services.auth.domain.gcra import Bucket, refund, spend

MOST_KEYS: Final = 20_000  # some 3 MB


class MemoryThrottle:
    """`now_ms` counts milliseconds and never goes back. No more than `most_keys` are remembered."""

    def __init__(self, now_ms: Callable[[], int], most_keys: int = MOST_KEYS) -> None:
        self._now_ms = now_ms
        self._most_keys = most_keys
        self._tats: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._tats)

    async def take(self, buckets: Sequence[Bucket]) -> int:
        now = self._now_ms()
        decisions = {bucket.key: spend(bucket.limit, self._tats.get(bucket.key, 0), now) for bucket in buckets}
        wait = max((decision.retry_after_ms for decision in decisions.values()), default=0)
        if wait == 0:
            self._tats.update({key: decision.tat for key, decision in decisions.items()})
            self._make_room()
        return wait

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        now = self._now_ms()
        for bucket in buckets:
            tat = refund(bucket.limit, self._tats.pop(bucket.key, 0), now)
            if tat > now:
                self._tats[bucket.key] = tat

    def _make_room(self) -> None:
        """Forgets an eighth of the keys, those that would be full again first: least was taken from them. Whoever
        tries a flood of new names or addresses pushes out these, not what he has used up."""
        if len(self._tats) > self._most_keys:
            for key in heapq.nsmallest(self._most_keys // 8 + 1, self._tats, key=self._tats.__getitem__):
                del self._tats[key]
