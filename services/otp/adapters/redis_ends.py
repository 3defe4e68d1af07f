"""The ends of challenges in Redis: one sorted set for each of the slots that accounts share.

While a challenge is open its end is due as it expires; one that a code ended is due a lease later, for its judge tells
of it at once. No key is scanned for, and no notification of Redis relied on.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final
from uuid import UUID

import structlog

from services.otp.adapters.redis_challenges import LEASE_MS
from services.otp.adapters.redis_keys import SLOTS, challenge_keys, ends_key, ids_of, slot_of
from services.otp.adapters.scripts import source_of
from services.otp.domain.challenge import ChallengeRef, End, Ended
from shared.redis import RedisClient, outages
from shared.redis_script import Script
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

AT_ONCE: Final = 100
_KNOWN: Final = re.compile(rb"(?s:.{32})(o|[vel][0-9]*)")
_END: Final = {end.value[0].encode(): end for end in End}


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
        self._due = script(source_of("due_ends", clock=clock))
        self._take = (replicated or script)(source_of("terms", "close", "take_end", clock=clock))

    async def overdue(self) -> AsyncIterator[list[Ended]]:
        missing = None
        for slot in self._slots:
            try:
                while taken := await self._take_up(slot):
                    yield taken
            except DependencyUnavailable as error:  # of a cluster, the other nodes may be there
                missing = error
        if missing is not None:
            raise missing

    async def _take_up(self, slot: int) -> list[Ended]:
        """Some of what is due there; none: nothing is, or nothing that we understand."""
        due: list[bytes] = await self._due([ends_key(slot)], [AT_ONCE])
        return [ended for each in due if (ended := await self._taken(each)) is not None]

    async def forget(self, told: Sequence[Ended]) -> None:
        by_slot = defaultdict(list)
        for ended in told:
            by_slot[slot_of(ended.challenge.account_id)].append(_member(ended))
        missing = None
        for slot, members in by_slot.items():
            try:
                async with outages(self._client):
                    await self._client.zrem(ends_key(slot), *members)
            except DependencyUnavailable as error:
                missing = error
        if missing is not None:
            raise missing

    async def _taken(self, due: bytes) -> Ended | None:
        if not _KNOWN.fullmatch(due):  # of another version, or of nobody: it must not keep the others from being told
            _log.error("end_not_understood", length=len(due))
            return None
        challenge = ChallengeRef(UUID(bytes=due[:16]), UUID(bytes=due[16:32]))
        answer = await self._take.about(ids_of(challenge), challenge_keys(challenge), '{"replicas": 0}', due, LEASE_MS)
        if not answer:
            return None
        letter, attempts = answer[0][32:33], answer[0][33:]
        return Ended(challenge, _END[letter], int(attempts) if attempts else None)


def _member(ended: Ended) -> bytes:
    """As scripts/close.lua writes it."""
    attempts = "" if ended.attempts is None else str(ended.attempts)
    return ids_of(ended.challenge) + (ended.end.value[0] + attempts).encode()
