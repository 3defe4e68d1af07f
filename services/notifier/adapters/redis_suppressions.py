"""The suppression list in Redis: `notifier:{suppressed-<shard>}:<hash of the address>`, each entry with its own end.

The address itself is nowhere: neither in a key nor in a value. The keys of a shard are in one slot, so that a batch of
bounces is a few scripts, and a cluster shares the shards.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.notifier.adapters import scripts
from services.notifier.domain.suppression import AddressHashes, Cause, Sighting, Suppression, SuppressionTerms
from shared.epoch import epoch_ms, from_epoch_ms
from shared.redis import RedisClient
from shared.redis_script import Script, Scripts


class RedisSuppressions:
    """All verbs raise DependencyUnavailable."""

    def __init__(self, client: RedisClient, hashes: AddressHashes, terms: SuppressionTerms) -> None:
        self.hashes = hashes
        self._terms = terms
        self._look, self._add, self._remove = Scripts(client).of_package(
            scripts, "suppressed", "suppress", "unsuppress"
        )

    async def of(self, address: str) -> Suppression | None:
        """The one that lasts longest. One round trip, in parallel for each key of the ring."""
        answers = await asyncio.gather(*(_about(self._look, each) for each in self.hashes.all(address)))
        found = [_read(text) for (text,) in answers if text is not None]
        return max(found, key=lambda each: each.expires_at, default=None)

    async def add(self, address: str, cause: Cause, at: datetime) -> None:
        """`at`: when it happened; from then on its life counts."""
        await self.add_all([Sighting(address, cause, at)])

    async def add_all(self, sightings: Iterable[Sighting]) -> None:
        shards: dict[str, list[tuple[str, Suppression]]] = defaultdict(list)
        for each in sightings:
            hashed = self.hashes.current(each.address)
            shards[hashed[0]].append((hashed, self._terms.suppression(each.cause, each.at)))
        await asyncio.gather(*(self._add_to(shard, entries) for shard, entries in shards.items()))

    async def _add_to(self, shard: str, entries: Sequence[tuple[str, Suppression]]) -> None:
        args: list[str | int] = []
        for _, new in entries:
            args += new.cause, epoch_ms(new.since), epoch_ms(new.expires_at)
        await self._add.about(shard.encode(), [_key(hashed) for hashed, _ in entries], *args)

    async def remove(self, address: str) -> bool:
        """Whether it was on the list."""
        answers = await asyncio.gather(*(_about(self._remove, each) for each in self.hashes.all(address)))
        return any(removed for (removed,) in answers)


async def _about(script: Script, hashed: str) -> list[bytes | int | None]:
    return await script.about(hashed.encode(), [_key(hashed)])


def _key(hashed: str) -> str:
    return f"notifier:{{suppressed-{hashed[0]}}}:{hashed}"


def _read(text: bytes | int) -> Suppression:
    assert isinstance(text, bytes)
    cause, since, expires_at = text.decode().split(" ")
    return Suppression(Cause(cause), from_epoch_ms(int(since)), from_epoch_ms(int(expires_at)))
