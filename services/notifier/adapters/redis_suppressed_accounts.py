"""Whose address is suppressed, in Redis: `notifier:{suppressed-<shard>}:<hash of the address>:accounts`."""

import asyncio
from datetime import datetime
from uuid import UUID

from services.notifier.adapters import scripts
from services.notifier.domain.suppression import AddressHashes, SuppressedAccount
from shared.epoch import epoch_ms, from_epoch_ms
from shared.redis import RedisClient
from shared.redis_script import Scripts


class RedisSuppressedAccounts:
    """Ends with the suppressions themselves. All verbs raise DependencyUnavailable."""

    def __init__(self, client: RedisClient, hashes: AddressHashes) -> None:
        self._hashes = hashes
        self._add, self._take = Scripts(client).of_package(scripts, "suppressed_account", "unsuppressed_accounts")

    async def add(self, address: str, account: SuppressedAccount, until: datetime) -> datetime:
        hashed = self._hashes.current(address)
        member = f"{account.account_id} {account.region}"
        (ends,) = await self._add.about(hashed.encode(), [_key(hashed)], member, epoch_ms(until))
        return from_epoch_ms(int(ends))

    async def take(self, address: str) -> list[SuppressedAccount]:
        hashes = self._hashes.all(address)
        answers = await asyncio.gather(*(self._take.about(each.encode(), [_key(each)]) for each in hashes))
        return [_account(member) for (members,) in answers for member in members]


def _key(hashed: str) -> str:
    return f"notifier:{{suppressed-{hashed[0]}}}:{hashed}:accounts"


def _account(member: bytes) -> SuppressedAccount:
    account_id, _, region = member.decode().partition(" ")
    return SuppressedAccount(UUID(account_id), region)
