"""The ends of challenges in Redis: one sorted set for each of the slots that accounts share.

While a challenge is open its end is due as it expires; one that a code ended is due a lease later, for its judge tells
of it at once. No key is scanned for, and no notification of Redis relied on.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import structlog

from services.otp.adapters.redis_challenges import LEASE_MS
from services.otp.adapters.redis_keys import SLOTS, challenge_keys, ends_key, ids_of, slot_of
from services.otp.adapters.scripts import source_of
from services.otp.domain.challenge import ChallengeRef, End, Ended
from shared.redis_script import Script
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()

# Of a slot, in one round, for all slots' go out together: Redis must be there for others in between.
AT_ONCE: Final = 4
LOOKED_AT: Final = 100
_KNOWN: Final = re.compile(rb"(?s:.{32})(o|[vel][0-9]*)")
_END: Final = {end.value[0].encode(): end for end in End}


class RedisEnds:
    """`replicated` makes the script that takes an end up: a primary that lost its replicas may not tell it."""

    def __init__(
        self,
        script: Callable[[str], Script],
        replicated: Callable[[str], Script],
        slots: Sequence[int] = range(SLOTS),
        clock: str | None = None,
    ) -> None:
        self._slots = slots
        self._due = script(source_of("due_ends", clock=clock))
        self._forget = script(source_of("forget_ends", clock=clock))
        self._take = replicated(source_of("about", "close", "take_end", clock=clock))

    async def overdue(self) -> AsyncIterator[list[Ended]]:
        away: list[DependencyUnavailable] = []

        async def take_up(slot: int) -> list[Ended]:
            with _noted(away):
                return await self._take_up(slot)
            return []

        slots = self._slots
        while slots:
            taken = dict(zip(slots, await asyncio.gather(*map(take_up, slots)), strict=True))
            slots = [slot for slot, ended in taken.items() if ended]
            if slots:
                yield [ended for some in taken.values() for ended in some]
        if away:
            raise away[0]

    async def forget(self, told: Sequence[Ended]) -> None:
        away: list[DependencyUnavailable] = []

        async def forget(slot: int, members: list[bytes]) -> None:
            with _noted(away):
                await self._forget([ends_key(slot)], members)

        by_slot = defaultdict(list)
        for ended in told:
            by_slot[slot_of(ended.challenge.account_id)].append(_member(ended))
        await asyncio.gather(*(forget(slot, members) for slot, members in by_slot.items()))
        if away:
            raise away[0]

    async def _take_up(self, slot: int) -> list[Ended]:
        """Some of what is due there; none: nothing is, or nothing that we understand."""
        passed_over = 0
        while due := await self._due([ends_key(slot)], [passed_over, LOOKED_AT]):
            known = [each for each in due if _KNOWN.fullmatch(each)]
            if odd := len(due) - len(known):  # of another version, or of nobody: the others are told all the same
                _log.error("ends_not_understood", slot=slot, count=odd)
            if known:
                taken = await asyncio.gather(*map(self._taken, known[:AT_ONCE]))
                return [ended for ended in taken if ended is not None]
            passed_over += odd
        return []

    async def _taken(self, due: bytes) -> Ended | None:
        challenge = ChallengeRef(UUID(bytes=due[:16]), UUID(bytes=due[16:32]))
        answer = await self._take.about(ids_of(challenge), challenge_keys(challenge), due, LEASE_MS)
        if not answer:
            return None
        letter, attempts = answer[0][32:33], answer[0][33:]
        return Ended(challenge, _END[letter], int(attempts) if attempts else None)


@contextmanager
def _noted(away: list[DependencyUnavailable]) -> Iterator[None]:
    """One node of a cluster that is away keeps nobody from asking the others."""
    try:
        yield
    except DependencyUnavailable as error:
        away.append(error)


def _member(ended: Ended) -> bytes:
    """As scripts/close.lua writes it."""
    attempts = "" if ended.attempts is None else str(ended.attempts)
    return ids_of(ended.challenge) + (ended.end.value[0] + attempts).encode()
