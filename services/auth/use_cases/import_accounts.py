"""Accounts from a file, one JSON object a line; running it again changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from services.auth.domain.account import Account, AccountStatus
from shared.mail_address import MailAddress

# Line breaks and other controls have no place in a name or an address.
Line = Annotated[str, Field(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ImportedAccount(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: Line
    password: SecretStr | None = Field(None, min_length=1, max_length=1024)
    email: MailAddress  # as the notifier takes it; another one would be imported and never get a mail
    region: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    locale: Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    sso: bool = False
    own_mfa: bool = False
    status: AccountStatus = AccountStatus.ACTIVE


class LineResult(StrEnum):
    ADDED = "added"
    PRESENT = "present"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Imported:
    """`line` counts from 1; `fields` names what is wrong in a bad line, never its content."""

    line: int
    result: LineResult
    fields: tuple[str, ...] = ()


class AddsAccounts(Protocol):
    async def add(self, account: Account, username: str) -> bool: ...


class HashesPasswords(Protocol):
    async def hash(self, password: str) -> str: ...


class ImportAccounts:
    def __init__(
        self, accounts: AddsAccounts, passwords: HashesPasswords, new_id: Callable[[], UUID], at_once: int = 16
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._new_id = new_id
        self._at_once = at_once

    async def __call__(self, lines: Iterable[bytes]) -> AsyncIterator[Imported]:
        """The result of each line, in order; a bad one does not stop the others."""
        batch: list[tuple[int, bytes]] = []
        for numbered in enumerate(lines, start=1):
            batch.append(numbered)
            if len(batch) == self._at_once:
                for result in await self._take(batch):
                    yield result
                batch = []
        for result in await self._take(batch):
            yield result

    async def _take(self, batch: list[tuple[int, bytes]]) -> list[Imported]:
        return await asyncio.gather(*(self._import(number, line) for number, line in batch))

    async def _import(self, number: int, line: bytes) -> Imported:
        try:
            given = ImportedAccount.model_validate_json(line)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) or "line" for problem in error.errors()})
            return Imported(number, LineResult.BAD, tuple(fields))
        password = given.password.get_secret_value() if given.password else None
        account = Account(
            id=self._new_id(),
            email=given.email,
            region=given.region,
            locale=given.locale,
            password_hash=await self._passwords.hash(password) if password else None,
            sso=given.sso,
            own_mfa=given.own_mfa,
            status=given.status,
        )
        added = await self._accounts.add(account, given.username)
        return Imported(number, LineResult.ADDED if added else LineResult.PRESENT)
