"""Somebody met a challenge and wants to be left alone on this device."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.auth.domain.device import DEVICE_PREFIX, Device
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.use_cases.tell_owner import TellOwner
from shared.events import NoticeDetails, NoticeKind


class NewDevices(Protocol):
    async def trust(self, account_id: UUID, device: Device, epoch: int) -> OpaqueToken | None:
        """The first token of the device; None: the account is in another epoch. Raises: DependencyUnavailable."""


class TrustDevice:
    def __init__(self, devices: NewDevices, life: timedelta, new_id: Callable[[], UUID], tell: TellOwner) -> None:
        self._devices = devices
        self._life = life
        self._new_id = new_id
        self._tell = tell

    async def __call__(self, account_id: UUID, name: str, epoch: int, now: datetime) -> str | None:
        """The text of its token: one for all products on that machine. The owner hears of it by mail."""
        device = Device(self._new_id(), name, now, now, now + self._life)
        token = await self._devices.trust(account_id, device, epoch)
        if token is None:
            return None
        await self._tell(NoticeKind.NEW_DEVICE, account_id, now, NoticeDetails(device=name))
        return token.text(DEVICE_PREFIX)
