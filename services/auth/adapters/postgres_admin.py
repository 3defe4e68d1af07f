"""What operators see of accounts and do to them, in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.adapters.endings import end_devices, end_sessions
from services.auth.adapters.tables import accounts, devices, recovery_codes, sessions, totp_factors
from services.auth.domain.account import AccountStatus
from services.auth.domain.audit import Action, AuditEntry, operator
from services.auth.domain.masked_address import masked
from services.auth.use_cases.administer_account import AccountView, Measure, Order
from shared.postgres import outages, transaction

_ACTIONS: Final = {
    Measure.LOCK: Action.ACCOUNT_LOCKED,
    Measure.UNLOCK: Action.ACCOUNT_UNLOCKED,
    Measure.MARK_SSO: Action.SSO_MARKED,
    Measure.UNMARK_SSO: Action.SSO_UNMARKED,
    Measure.RESET_FACTORS: Action.FACTORS_RESET,
    Measure.REVOKE_SESSIONS: Action.SESSION_REVOKED,
}
_CHANGES: Final[dict[Measure, dict[str, Any]]] = {
    Measure.LOCK: {"status": AccountStatus.LOCKED},
    Measure.UNLOCK: {"status": AccountStatus.ACTIVE},
    Measure.MARK_SSO: {"sso": True},
    Measure.UNMARK_SSO: {"sso": False},
}
# Whoever got in by what is taken away now must not stay in by what it gave.
_END_DEVICES: Final = frozenset({Measure.LOCK, Measure.MARK_SSO, Measure.RESET_FACTORS})
_END_SESSIONS: Final = _END_DEVICES | {Measure.REVOKE_SESSIONS}


def _count(table: sa.Table, *conditions: "sa.ColumnElement[bool]") -> "sa.ScalarSelect[int]":
    return sa.select(sa.func.count()).where(table.c.account_id == accounts.c.id, *conditions).scalar_subquery()


def _living(table: sa.Table) -> "sa.ScalarSelect[int]":
    return _count(table, table.c.revoked_at.is_(None), table.c.expires_at > sa.bindparam("now"))


_VIEW = sa.select(
    accounts.c.id,
    accounts.c.username,
    accounts.c.email,
    accounts.c.region,
    accounts.c.locale,
    accounts.c.status,
    accounts.c.sso,
    accounts.c.own_mfa,
    (_count(totp_factors, totp_factors.c.state == "confirmed") > 0).label("totp"),
    _count(recovery_codes, recovery_codes.c.used_at.is_(None)).label("recovery_codes"),
    _living(sessions).label("sessions"),
    _living(devices).label("devices"),
    accounts.c.registered_at,
)
_BY_KEY = _VIEW.where(accounts.c.username_key == sa.bindparam("key"))
_BY_ID = _VIEW.where(accounts.c.id == sa.bindparam("key"))


class PostgresAdmin:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def view(self, key: str | UUID, now: datetime) -> AccountView | None:
        statement = _BY_ID if isinstance(key, UUID) else _BY_KEY
        with outages():
            async with self._engine.connect() as connection:
                row = (await connection.execute(statement, {"key": key, "now": now})).one_or_none()
        if row is None:
            return None
        shown = dict(row._mapping)
        shown["masked_email"] = masked(shown.pop("email"))
        return AccountView(**{**shown, "status": AccountStatus(row.status)})

    async def carry_out(self, order: Order) -> Sequence[UUID] | None:
        async with transaction(self._engine) as connection:
            # Held until the end: what a login or another operator does to the account comes before or after this.
            known = sa.select(accounts.c.id).where(accounts.c.id == order.account_id).with_for_update(key_share=True)
            if await connection.scalar(known) is None:
                return None
            await _change(connection, order)
            action, ends_devices = _ACTIONS[order.measure], order.measure in _END_DEVICES
            ending = (connection, order.account_id, action.value, order.at)
            ended = await end_sessions(*ending) if order.measure in _END_SESSIONS else ()
            lost = await end_devices(*ending) if ends_devices else ()
            detail = {"sessions": len(ended), "devices": len(lost)}
            entry = AuditEntry(operator(order.operator), action, order.account_id, order.reason, detail)
            await record(connection, entry, order.at)
            return ended


async def _change(connection: AsyncConnection, order: Order) -> None:
    values = dict(_CHANGES.get(order.measure, {}))
    if order.measure in _END_SESSIONS:
        values["epoch"] = accounts.c.epoch + 1
    if values:
        await connection.execute(sa.update(accounts).where(accounts.c.id == order.account_id).values(values))
    if order.measure is Measure.RESET_FACTORS:
        for table in (totp_factors, recovery_codes):  # not the guesses: a reset is no way to more of them
            await connection.execute(sa.delete(table).where(table.c.account_id == order.account_id))
