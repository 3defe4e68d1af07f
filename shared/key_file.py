"""A file that holds a key ring in its text form (shared/keyring.py), replaced as a whole or not at all."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.keyring import Keyring
from shared.sealing import public_half

OWNER_ONLY: Final = 0o600
_KEPT_MODE: Final = 0o660  # a group may have been let in; others never are


class KeyFile:
    """`path` may be a symbolic link: what it leads to is replaced, in its own directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._real = path.resolve()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """For one command alone: two at once would lose a key. Raises: OSError."""
        directory = os.open(self._real.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def exists(self) -> bool:
        return self._real.exists()

    def read(self) -> Keyring:
        """Raises: OSError; ValueError: no key ring, naming the place, never the key."""
        return Keyring.parse(self._real.read_text("ascii").strip())

    def changed_at(self) -> float:
        """Seconds since the epoch. Raises: OSError."""
        return self._real.stat().st_mtime

    def write(self, ring: Keyring) -> None:
        """A new file is the caller's alone; one that is replaced keeps its owner and group. Raises: OSError."""
        descriptor, name = tempfile.mkstemp(dir=self._real.parent, prefix=f".{self._real.name}.")
        try:
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(ring.text + "\n")
                self._keep_access(descriptor)
                file.flush()
                os.fsync(descriptor)
            os.replace(name, self._real)
        except BaseException:
            os.unlink(name)
            raise
        _sync_directory(self._real.parent)

    def _keep_access(self, descriptor: int) -> None:
        if not self._real.exists():
            os.fchmod(descriptor, OWNER_ONLY)
            return
        before = self._real.stat()
        if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & _KEPT_MODE)


class SealingPair(KeyFile):
    """X25519 private keys, and a second file with their public half, made of the first whenever that is written.

    Readers are told before writers. What an interrupted command left undone in the second file is done by the next.
    """

    def __init__(self, path: Path, public: Path) -> None:
        super().__init__(path)
        self._public = KeyFile(public)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with super().locked():
            if super().exists():
                self._finish(public_half(super().read()))
            yield

    def exists(self) -> bool:
        return super().exists() or self._public.exists()

    def changed_at(self) -> float:
        return max(super().changed_at(), self._public.changed_at())

    def write(self, ring: Keyring) -> None:
        super().write(ring)
        self._public.write(public_half(ring))

    def _finish(self, due: Keyring) -> None:
        """Raises: ValueError: the second file is of other keys."""
        if self._public.exists():
            found = self._public.read()
            if found.current not in due:
                raise ValueError("the two files are no pair")
            if list(found) == list(due):
                return
        self._public.write(due)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
