"""The ends of challenges in Redis: one sorted set for each of the slots that accounts share.

While a challenge is open its end is due as it expires; one that a code ended is due a lease later, for its judge tells
of it at once. No key is scanned for, and no notification of Redis relied on.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.otp.adapters.redis_challenges import LEASE_MS
from services.otp.adapters.redis_keys import SLOTS, challenge_keys, ends_key, ids_of, slot_of
from services.otp.adapters.scripts import source_of
from services.otp.domain.challenge import ChallengeRef, End, Ended
from shared.redis import RedisClient, outages
from shared.redis_exchange import exchange_on
from shared.redis_script import Script
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

AT_ONCE: Final = 100
_KNOWN: Final = re.compile(rb"(?s:.{32})(o|[vel][0-9]*)")
_END: Final = {end.value[0].encode(): end for end in End}
_GONE: Final = (RedisConnectionError, RedisTimeoutError, OSError)


class RedisEnds:
    def __init__(
        self,
        client: RedisClient,
        script: Callable[[str], Script],
        slots: Iterable[int] = range(SLOTS),
        clock: str | None = None,
        replicated: Callable[[str], Script] | None = None,
    ) -> None:
        """`replicated` makes the script that takes an end up: a primary that lost its replicas may not tell it."""
        self._client = client
        self._slots = slots
        self._place = exchange_on(client).place
        self._due = script(source_of("due_ends", clock=clock))
        self._take = (replicated or script)(source_of("terms", "close", "take_end", clock=clock))

    async def overdue(self) -> AsyncIterator[list[Ended]]:
        nodes = _Nodes(self._place)
        for slot in self._slots:
            with nodes.asked_about(slot) as there:
                while there and (taken := await self._take_up(slot)):
                    yield taken
        nodes.tell()

    async def _take_up(self, slot: int) -> list[Ended]:
        """Some of what is due there; none: nothing is, or nothing that we understand."""
        passed_over = 0
        while due := await self._due([ends_key(slot)], [passed_over, AT_ONCE]):
            known = [each for each in due if _KNOWN.fullmatch(each)]
            if odd := len(due) - len(known):  # of another version, or of nobody: the others are told all the same
                _log.error("ends_not_understood", slot=slot, count=odd)
            if known:
                return [ended for each in known if (ended := await self._taken(each)) is not None]
            passed_over += odd
        return []

    async def forget(self, told: Sequence[Ended]) -> None:
        by_slot = defaultdict(list)
        for ended in told:
            by_slot[slot_of(ended.challenge.account_id)].append(_member(ended))
        nodes = _Nodes(self._place)
        for slot, members in by_slot.items():
            with nodes.asked_about(slot) as there:
                if there:
                    async with outages(self._client):
                        await self._client.zrem(ends_key(slot), *members)
        nodes.tell()

    async def _taken(self, due: bytes) -> Ended | None:
        challenge = ChallengeRef(UUID(bytes=due[:16]), UUID(bytes=due[16:32]))
        answer = await self._take.about(ids_of(challenge), challenge_keys(challenge), '{"replicas": 0}', due, LEASE_MS)
        if not answer:
            return None
        letter, attempts = answer[0][32:33], answer[0][33:]
        return Ended(challenge, _END[letter], int(attempts) if attempts else None)


@dataclass
class _Nodes:
    """Of a cluster, one may be away and the others there. One that does not answer is not asked about its next slot: it
    has dozens, each would take seconds, and ends that are told must be forgotten before they are due again."""

    place: Callable[[str], Hashable]
    away: set[Hashable] = field(default_factory=set)
    missing: DependencyUnavailable | None = None

    @contextmanager
    def asked_about(self, slot: int) -> Iterator[bool]:
        """False: it is away."""
        place = self.place(ends_key(slot))
        try:
            yield place not in self.away
        except DependencyUnavailable as error:
            self.missing = error
            if isinstance(error.__cause__, _GONE):
                self.away.add(place)

    def tell(self) -> None:
        """Raises: DependencyUnavailable, if any was missed."""
        if self.missing is not None:
            raise self.missing


def _member(ended: Ended) -> bytes:
    """As scripts/close.lua writes it."""
    attempts = "" if ended.attempts is None else str(ended.attempts)
    return ids_of(ended.challenge) + (ended.end.value[0] + attempts).encode()
