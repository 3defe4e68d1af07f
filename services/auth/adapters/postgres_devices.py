"""Trusted devices in PostgreSQL."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.endings import end_devices, end_surplus
from services.auth.adapters.families import Families, revoke_family
from services.auth.adapters.postgres_accounts import locked_account
from services.auth.adapters.tables import devices
from services.auth.domain.audit import SYSTEM, Action, AuditEntry, owner
from services.auth.domain.decision import DeviceStanding
from services.auth.domain.device import Device
from services.auth.domain.rotating_token import OpaqueToken, RandomBytes, Use
from shared.postgres import outages, transaction

MOST: Final = 50  # of one account; then the one that was not used for longest is trusted no more

_COLUMNS = [devices.c[name] for name in Device.__dataclass_fields__]


class PostgresDevices:
    def __init__(self, engine: AsyncEngine, grace: timedelta, random_bytes: RandomBytes) -> None:
        self._engine = engine
        self._families = Families(engine, devices, random_bytes, grace)

    async def trust(self, account_id: UUID, device: Device, epoch: int) -> OpaqueToken | None:
        """The first token of the device, written with its audit entry; None: the account is in another epoch by now."""
        token, family = self._families.fresh()
        values = {name: getattr(device, name) for name in Device.__dataclass_fields__}
        entry = AuditEntry(owner(account_id), Action.DEVICE_TRUSTED, account_id, None, {"device": str(device.id)})
        async with transaction(self._engine) as connection:
            account = await locked_account(connection, account_id)
            if account is None or not account.may_sign_in or account.epoch != epoch:
                return None
            await connection.execute(end_surplus(devices, account_id, device.created_at, MOST - 1))
            await connection.execute(devices.insert().values(account_id=account_id, **values, **family))
            await record(connection, entry, device.created_at)
        return token

    async def use(
        self, token: OpaqueToken, account_id: UUID, now: datetime
    ) -> tuple[DeviceStanding, OpaqueToken | None]:
        """What the token is worth in a login of this account, and the one to keep instead of it."""
        presented = await self._families.present(token, now, devices.c.account_id == account_id)
        if presented is None:
            return DeviceStanding.UNKNOWN, None
        if presented.row.account_id != account_id:
            return DeviceStanding.FOREIGN, None
        match presented.use:
            case None:
                return (DeviceStanding.REVOKED if presented.row.revoked_at else DeviceStanding.EXPIRED), None
            case Use.REPLAYED:
                await self._replayed(presented.row.id, account_id, now)
                return DeviceStanding.REPLAYED, None
            case Use.CURRENT | Use.AGAIN if presented.successor is not None:
                return DeviceStanding.TRUSTED, presented.successor
            case _:
                return DeviceStanding.UNKNOWN, None

    async def known(self, token: OpaqueToken, account_id: UUID, now: datetime) -> UUID | None:
        """The id of the account's living device that holds this token now; asking uses nothing up."""
        held = sa.or_(devices.c.secret_hash == token.secret_hash, self._families.in_grace(token, now))
        mine = (devices.c.account_id == account_id, devices.c.revoked_at.is_(None), devices.c.expires_at > now)
        chosen = sa.select(devices.c.id).where(devices.c.finder_hash == token.finder_hash, *mine, held)
        with outages():
            async with self._engine.connect() as connection:
                found: UUID | None = await connection.scalar(chosen)
                return found

    async def living(self, account_id: UUID, now: datetime) -> list[Device]:
        """Newest use first."""
        alive = (devices.c.account_id == account_id, devices.c.revoked_at.is_(None), devices.c.expires_at > now)
        with outages():
            async with self._engine.connect() as connection:
                rows = await connection.execute(
                    sa.select(*_COLUMNS).where(*alive).order_by(devices.c.last_used_at.desc())
                )
                return [Device(**row._mapping) for row in rows]

    async def end(self, entry: AuditEntry, now: datetime, only: UUID | None = None) -> tuple[UUID, ...]:
        assert entry.account_id is not None
        conditions = [] if only is None else [devices.c.id == only]
        async with transaction(self._engine) as connection:
            ended = await end_devices(connection, entry.account_id, entry.action, now, *conditions)
            if ended:
                await record(connection, entry, now)
        return ended

    async def _replayed(self, device_id: UUID, account_id: UUID, now: datetime) -> None:
        entry = AuditEntry(SYSTEM, Action.DEVICE_TOKEN_REPLAYED, account_id, None, {"device": str(device_id)})
        async with transaction(self._engine) as connection:
            if await revoke_family(connection, devices, device_id, now):
                await record(connection, entry, now)
