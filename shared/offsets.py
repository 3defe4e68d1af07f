"""Which offset of a partition may be committed, when its messages are finished out of order. Pure."""

import heapq


class PartitionOffsets:
    """Offsets in flight. Everything below `committable` is finished; nothing at or above it is promised."""

    def __init__(self) -> None:
        self._in_flight: list[int] = []  # a heap of started offsets, finished ones removed from its top lazily
        self._finished: set[int] = set()
        self._next: int | None = None  # one after the highest started
        self._committed: int | None = None

    def start(self, offset: int) -> None:
        heapq.heappush(self._in_flight, offset)
        self._next = max(self._next or 0, offset + 1)

    def finish(self, offset: int) -> None:
        self._finished.add(offset)
        while self._in_flight and self._in_flight[0] in self._finished:
            self._finished.discard(heapq.heappop(self._in_flight))

    @property
    def pending(self) -> int:
        """How many were started and not finished."""
        return len(self._in_flight) - len(self._finished)

    def committable(self) -> int | None:
        """The offset to commit (Kafka's meaning: the next to read), or None when it has not moved."""
        lowest = self._in_flight[0] if self._in_flight else self._next
        return None if lowest == self._committed else lowest

    def committed(self, offset: int) -> None:
        self._committed = offset
