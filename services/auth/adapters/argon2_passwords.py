"""Argon2id in a bounded executor: it holds a core and 19 MiB for about 20 ms, and must never hold the event loop."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from services.auth.settings import PasswordSettings
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()


class Argon2Passwords:
    """Memory is bounded by `argon2_workers` times the memory of one hash; what does not fit in the queue gets 503."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=1
        )
        self._executor = ThreadPoolExecutor(settings.argon2_workers, thread_name_prefix="argon2")
        self._room = settings.argon2_workers + settings.argon2_queue
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """An unknown user costs what a known one costs: the same work on a hash that nothing matches.

        Raises:
            DependencyUnavailable: too many are waiting already.
        """
        if self._room == 0:
            raise DependencyUnavailable("password-hashing", retry_after=1)
        self._room -= 1
        try:
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._executor, self._matches, password_hash or self._nobody, password)
        finally:
            self._room += 1
        return matches and password_hash is not None

    async def hash(self, password: str) -> str:
        """The PHC string. For imports: it waits for a worker however long that takes."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.hash, password)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError):
            _log.error("stored_hash_unusable")
            return False
