"""The owner trusts one of their devices no longer."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.device import Device


class DeviceList(Protocol):
    async def living(self, account_id: UUID, now: datetime) -> list[Device]:
        """Newest use first. Raises: DependencyUnavailable."""

    async def end(self, entry: AuditEntry, now: datetime, only: UUID | None = None) -> tuple[UUID, ...]:
        """All of the account's, or `only` one; the ids of those that lived. Raises: DependencyUnavailable."""


class OwnDevices:
    def __init__(self, devices: DeviceList, now: Callable[[], datetime]) -> None:
        self._devices = devices
        self._now = now

    async def all(self, account_id: UUID) -> list[Device]:
        return await self._devices.living(account_id, self._now())

    async def end(self, account_id: UUID, only: UUID | None = None) -> int:
        """How many ended; the next login there is asked for a code again."""
        detail = {"device": str(only) if only else None}
        entry = AuditEntry(owner(account_id), Action.DEVICE_REVOKED, account_id, None, detail)
        return len(await self._devices.end(entry, self._now(), only))
