"""Somebody met a challenge and wants to be left alone on this device."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.auth.domain.device import DEVICE_PREFIX, Device
from services.auth.domain.rotating_token import OpaqueToken


class NewDevices(Protocol):
    async def trust(self, account_id: UUID, device: Device, epoch: int) -> OpaqueToken | None:
        """The first token of the device; None: the account is in another epoch. Raises: DependencyUnavailable."""


class TrustDevice:
    def __init__(self, devices: NewDevices, life: timedelta, new_id: Callable[[], UUID]) -> None:
        self._devices = devices
        self._life = life
        self._new_id = new_id

    async def __call__(self, account_id: UUID, name: str, epoch: int, now: datetime) -> str | None:
        """The text of its token: one for all products on that machine."""
        device = Device(self._new_id(), name, now, now, now + self._life)
        token = await self._devices.trust(account_id, device, epoch)
        return token.text(DEVICE_PREFIX) if token else None
