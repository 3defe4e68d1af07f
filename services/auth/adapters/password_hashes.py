"""Password hashing in a bounded executor: it holds a core and 19 MiB for about 20 ms, and must never hold the event
loop. Ours is Argon2id; imported accounts may come with other hashes (services/auth/domain/password_hash.py)."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from passlib.context import CryptContext

from services.auth.settings import PasswordSettings
from shared.unavailable import DependencyUnavailable

# Of a longer password bcrypt never saw the rest; the library refuses it instead of cutting it.
BCRYPT_BYTES: Final = 72

_FOREIGN: Final = CryptContext(["bcrypt", "scrypt", "pbkdf2_sha256", "pbkdf2_sha512", "django_pbkdf2_sha256"])
_log = structlog.get_logger()


class PasswordHashes:
    """`nobodys` is a hash of ours that no password matches.

    Memory is bounded by `argon2_workers` times the memory of one hash, which is the settings' for ours and 128 MiB for
    the costliest that an import takes; what does not fit in the queue gets 503.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=1
        )
        self._executor = ThreadPoolExecutor(settings.argon2_workers, thread_name_prefix="passwords")
        self._room = settings.argon2_workers + settings.argon2_queue
        self.nobodys: Final = self._hasher.hash(secrets.token_urlsafe(16))

    async def verify(self, password_hash: str, password: str) -> bool:
        """Raises:
        DependencyUnavailable: too many are waiting already.
        """
        if self._room == 0:
            raise DependencyUnavailable("password-hashing", retry_after=1)
        self._room -= 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, self._matches, password_hash, password)
        finally:
            self._room += 1

    async def hash(self, password: str) -> str:
        """The PHC string. Nobody waits for it but the caller: it takes a worker whenever there is one."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._hasher.hash, password)

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether it is of another scheme than ours, or was made with other parameters."""
        try:
            return self._hasher.check_needs_rehash(password_hash)
        except InvalidHashError:
            return True

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            if password_hash.startswith("$argon2"):
                return self._hasher.verify(password_hash, password)
            return _matches_foreign(password_hash, password.encode())
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError, ValueError):
            _log.error("stored_hash_unusable")
            return False


def _matches_foreign(password_hash: str, password: bytes) -> bool:
    """Raises: ValueError for a hash of no known scheme, or a malformed one."""
    if not password_hash.startswith("$2"):
        return bool(_FOREIGN.verify(password, password_hash))
    # bcrypt takes no NUL, so nothing with one matches; the work is done all the same, or its absence would tell.
    shown = password.replace(b"\0", b"")[:BCRYPT_BYTES]
    return bool(_FOREIGN.verify(shown, password_hash)) and b"\0" not in password
