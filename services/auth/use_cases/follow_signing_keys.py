"""Keeps this instance's signing keys: read at the start and every few seconds, kept while PostgreSQL is away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.auth.domain.signing_keys import RandomBytes, SigningKey, SigningKeys
from shared.encryption import Undecryptable
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()


class SigningKeySource(Protocol):
    async def load(self, now: datetime) -> tuple[SigningKey, ...]:
        """All keys; those that are accepted at `now` with their seeds. Raises: DependencyUnavailable, Undecryptable."""

    async def ensure(self, key: SigningKey) -> bool:
        """Add `key` if there is none that could sign, and say whether. Raises: DependencyUnavailable."""


@dataclass(frozen=True, slots=True)
class FollowSigningKeys:
    source: SigningKeySource
    keys: SigningKeys
    random_bytes: RandomBytes
    now: Callable[[], datetime]

    async def read(self) -> bool:
        """Whether the keys are up to date; if not, the last known ones go on."""
        try:
            loaded = await self.source.load(self.now())
            if SigningKeys(loaded).signer(self.now()) is None:  # the first start of all
                await self.source.ensure(SigningKey.fresh(self.random_bytes, self.now()))
                loaded = await self.source.load(self.now())
        except (DependencyUnavailable, Undecryptable) as error:
            _log.warning("signing_keys_not_read", cause=str(error))
            return False
        self.keys.replace(loaded)
        return True

    async def ready(self) -> bool:
        return self.keys.signer(self.now()) is not None
