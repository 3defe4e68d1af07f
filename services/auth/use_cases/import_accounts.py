"""Accounts from a file or a stream, one JSON object a line: batch by batch, so that it can be broken off anywhere."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from pydantic import SecretStr

from services.auth.domain.account import Account
from services.auth.domain.account_import import BadLine, ImportProgress
from services.auth.use_cases.read_account import ImportedAccount, read_account
from services.auth.use_cases.split_lines import Line, split_lines

BATCH_LINES: Final = 500
LINES_AT_A_STRETCH: Final = 50  # 25 µs each: whoever logs in meanwhile waits about a millisecond at a time
# 20 ms each: a batch is a second of hashing at most, which is what a kill loses.
BATCH_PASSWORDS: Final = 50


class ImportOvertaken:
    """Somebody else goes on with the same import; this one has stopped, and nothing was taken twice."""


@dataclass(slots=True)
class Batch:
    """The next `lines` lines, which are `bytes` bytes."""

    lines: int = 0
    bytes: int = 0
    given: list[ImportedAccount] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    passwords: int = 0

    def add(self, line: Line) -> None:
        self.lines += 1
        self.bytes += line.size
        match read_account(line.content):
            case ImportedAccount() as account:
                self.given.append(account)
                self.passwords += account.password is not None
            case fields:
                self.bad.append(BadLine(line.number, fields))

    @property
    def full(self) -> bool:
        return self.lines >= BATCH_LINES or self.passwords >= BATCH_PASSWORDS


class Imports(Protocol):
    async def begin(self, import_id: str, actor: str, at: datetime) -> ImportProgress:
        """Where it stands: at nothing, if nobody has begun it. Who begins it, or goes on with it, is recorded."""

    async def take(
        self, import_id: str, before: ImportProgress, batch: Batch, accounts: Sequence[tuple[Account, str]]
    ) -> ImportProgress | None:
        """Add the accounts, each with its username, and count the batch, at once or not at all; an account whose
        username is there stays as it is. None: the import does not stand at `before` any more."""

    async def finish(self, import_id: str, before: ImportProgress, actor: str, at: datetime) -> ImportProgress | None:
        """Record the end, once. None: as above."""


class HashesPasswords(Protocol):
    async def hash(self, password: str) -> str: ...


class ImportAccounts:
    """`hash_at_once`: how many workers it may take; where people log in as well, one leaves them the others."""

    def __init__(
        self,
        imports: Imports,
        passwords: HashesPasswords,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
        hash_at_once: int,
    ) -> None:
        self._imports = imports
        self._passwords = passwords
        self._new_id = new_id
        self._now = now
        self._hash_at_once = hash_at_once

    async def __call__(
        self, import_id: str, actor: str, chunks: AsyncIterable[bytes], tell: Callable[[ImportProgress], None]
    ) -> ImportProgress | ImportOvertaken:
        """`chunks` are the whole file from its beginning, cut anywhere; `tell` hears of each batch that is done.

        Raises: DependencyUnavailable, and whatever `chunks` raises; what was told of is done, and the next call with
        the same id goes on there.
        """
        progress = await self._imports.begin(import_id, actor, self._now())
        tell(progress)
        async with aclosing(_batches(chunks, progress.lines)) as batches:
            async for batch in batches:
                taken = await self._imports.take(import_id, progress, batch, await self._accounts(batch))
                if taken is None:
                    return ImportOvertaken()
                progress = taken
                tell(progress)
        return await self._imports.finish(import_id, progress, actor, self._now()) or ImportOvertaken()

    async def _accounts(self, batch: Batch) -> list[tuple[Account, str]]:
        places = asyncio.Semaphore(self._hash_at_once)
        passwords = [given.password for given in batch.given if given.password]
        hashes = iter(await asyncio.gather(*(self._hash(password, places) for password in passwords)))
        return [
            (self._account(given, next(hashes) if given.password else None), given.username) for given in batch.given
        ]

    async def _hash(self, password: SecretStr, places: asyncio.Semaphore) -> str:
        async with places:
            return await self._passwords.hash(password.get_secret_value())

    def _account(self, given: ImportedAccount, made: str | None) -> Account:
        return Account(
            id=self._new_id(),
            email=given.email,
            region=given.region,
            locale=given.locale,
            password_hash=given.password_hash.get_secret_value() if given.password_hash else made,
            sso=given.sso,
            own_mfa=given.own_mfa,
            status=given.status,
            registered_at=given.registered_at,
        )


async def _batches(chunks: AsyncIterable[bytes], done: int) -> AsyncGenerator[Batch, None]:
    """Of what follows the first `done` lines."""
    batch = Batch()
    async for line in split_lines(chunks):
        if line.number % LINES_AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        if line.number <= done:
            continue
        batch.add(line)
        if batch.full:
            yield batch
            batch = Batch()
    if batch.lines:
        yield batch
