"""Is this the password? At the same price for everybody, and not too often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from services.auth.domain.account import Account, username_key
from services.auth.domain.client_address import Address
from services.auth.domain.decoys import Decoys
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.use_cases.throttle_passwords import Admitted, Throttled, ThrottlePasswords
from shared.unavailable import DependencyUnavailable


@dataclass(frozen=True, slots=True)
class Checked:
    """`account` is there where the name exists; nothing may be said of it unless the password is `correct`."""

    account: Account | None
    correct: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """`address` is the client's, as far as we believe it; `device` a device token that came along."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    address: Address | None = field(repr=False)
    device: OpaqueToken | None = None


NOBODY: Final = UUID(int=0)


class Accounts(Protocol):
    async def find(self, key: str) -> Account | None:
        """The account whose `username_key` is `key`. Raises: DependencyUnavailable."""


class Passwords(Protocol):
    async def verify(self, password_hash: str, password: str) -> bool:
        """Raises: DependencyUnavailable."""


class KnownDevices(Protocol):
    async def known(self, token: OpaqueToken, account_id: UUID, now: datetime) -> UUID | None:
        """The account's living device that holds this token now. Raises: DependencyUnavailable."""


class CheckPassword:
    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        decoys: Decoys,
        devices: KnownDevices,
        throttle: ThrottlePasswords,
        refresh_hash: Callable[[Account, str], None],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._decoys = decoys
        self._devices = devices
        self._throttle = throttle
        self._refresh_hash = refresh_hash

    async def __call__(self, given: Credentials, now: datetime) -> Checked | Throttled:
        """One SELECT, one reservation, one hash. Raises: DependencyUnavailable."""
        key = username_key(given.username)
        account = await self._accounts.find(key)
        # Asked for names that nobody has too: else a made-up token would tell which names exist.
        whose = account.id if account else NOBODY
        known = await self._devices.known(given.device, whose, now) if given.device else None
        admitted = await self._throttle.admit(key, given.address, known)
        if isinstance(admitted, Throttled):
            return admitted
        correct = await self._verify(account, key, given.password, admitted)
        if correct and account is not None:
            await self._throttle.succeeded(admitted)
            self._refresh_hash(account, given.password)
        return Checked(account, correct)

    async def _verify(self, account: Account | None, key: str, password: str, admitted: Admitted) -> bool:
        stored = account.password_hash if account else None
        try:
            matches = await self._passwords.verify(stored or self._decoys.of(key), password)
            return matches and stored is not None
        except DependencyUnavailable:  # nobody looked at it
            await self._throttle.succeeded(admitted)
            raise
