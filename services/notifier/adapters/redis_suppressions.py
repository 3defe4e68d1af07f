"""The suppression list in Redis: `notifier:{<hash of the address>}:suppressed`, each entry with an end of its own.

The address itself is nowhere: neither in a key nor in a value.
"""

import asyncio
from datetime import datetime
from importlib import resources
from typing import Final

from services.notifier.domain.suppression import AddressHashes, Cause, Suppression, SuppressionTerms
from shared.redis import RedisClient, epoch_ms, from_epoch_ms
from shared.redis_script import Script

# A batch of bounces must not take all connections (shared/redis.py: 256) from the mails that are sent meanwhile.
ADDED_AT_ONCE: Final = 16


class RedisSuppressions:
    """All verbs raise DependencyUnavailable."""

    def __init__(self, client: RedisClient, hashes: AddressHashes, terms: SuppressionTerms) -> None:
        self.hashes = hashes
        self._terms = terms
        self._few = asyncio.Semaphore(ADDED_AT_ONCE)
        scripts = resources.files("services.notifier.adapters.scripts")
        self._look, self._add, self._remove = (
            Script(client, scripts.joinpath(f"{name}.lua").read_text())
            for name in ("suppressed", "suppress", "unsuppress")
        )

    async def of(self, address: str) -> Suppression | None:
        """The one that lasts longest. One round trip, in parallel for each key of the ring."""
        answers = await asyncio.gather(*(_run(self._look, each) for each in self.hashes.all(address)))
        found = [_read(text) for (text,) in answers if text is not None]
        return max(found, key=lambda each: each.expires_at, default=None)

    async def add(self, address: str, cause: Cause, at: datetime) -> None:
        """`at`: when the provider says that it happened; from then on its life counts."""
        new = self._terms.suppression(cause, at)
        async with self._few:
            await _run(self._add, self.hashes.current(address), cause, epoch_ms(new.since), epoch_ms(new.expires_at))

    async def remove(self, address: str) -> bool:
        """Whether it was on the list."""
        answers = await asyncio.gather(*(_run(self._remove, each) for each in self.hashes.all(address)))
        return any(removed for (removed,) in answers)


async def _run(script: Script, hashed: str, *args: str | int) -> list[bytes | int | None]:
    return await script.about(hashed.encode(), [f"notifier:{{{hashed}}}:suppressed"], *args)


def _read(text: bytes | int) -> Suppression:
    assert isinstance(text, bytes)
    cause, since, expires_at = text.decode().split(" ")
    return Suppression(Cause(cause), from_epoch_ms(int(since)), from_epoch_ms(int(expires_at)))
