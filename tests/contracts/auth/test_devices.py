"""Trusted devices, on PostgreSQL."""

import asyncio
import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_devices import MOST, PostgresDevices
from services.auth.adapters.tables import audit
from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.decision import DeviceStanding
from services.auth.domain.device import Device
from services.auth.domain.rotating_token import OpaqueToken
from tests.contracts.auth.database import new_account
from tests.fakes import NOW

GRACE, LIFE = timedelta(seconds=30), timedelta(days=30)
TRUSTED = DeviceStanding.TRUSTED


@pytest.fixture
def store(engine: AsyncEngine) -> PostgresDevices:
    return PostgresDevices(engine, GRACE, secrets.token_bytes)


async def trusted(store: PostgresDevices, account_id: UUID, at: datetime = NOW) -> tuple[Device, OpaqueToken]:
    device = Device(uuid4(), "Editor 4.1", at, at, at + LIFE)
    token = await store.trust(account_id, device, 0)
    assert token is not None
    return device, token


async def test_a_device_is_trusted_with_a_token_that_changes_at_every_use(
    store: PostgresDevices, account_id: UUID
) -> None:
    device, first = await trusted(store, account_id)
    standing, second = await store.use(first, account_id, NOW + timedelta(days=1))

    assert standing is TRUSTED
    assert second is not None
    assert second != first
    assert (await store.use(second, account_id, NOW + timedelta(days=2)))[0] is TRUSTED
    assert [each.id for each in await store.living(account_id, NOW)] == [device.id]


async def test_products_that_start_at_once_share_one_token(store: PostgresDevices, account_id: UUID) -> None:
    _, token = await trusted(store, account_id)
    answers = await asyncio.gather(*(store.use(token, account_id, NOW) for _ in range(10)))

    assert {standing for standing, _ in answers} == {TRUSTED}
    assert len({successor for _, successor in answers}) == 1


async def test_it_is_trusted_for_thirty_days_however_often_it_is_used(store: PostgresDevices, account_id: UUID) -> None:
    _, token = await trusted(store, account_id)
    _, token = await store.use(token, account_id, NOW + timedelta(days=29))  # type: ignore[assignment]

    assert await store.use(token, account_id, NOW + LIFE) == (DeviceStanding.EXPIRED, None)


async def test_a_token_of_somebody_else_is_worth_nothing_and_stays_good_for_them(
    store: PostgresDevices, engine: AsyncEngine, account_id: UUID
) -> None:
    _, token = await trusted(store, account_id)

    assert await store.use(token, await new_account(engine), NOW) == (DeviceStanding.FOREIGN, None)
    assert (await store.use(token, account_id, NOW))[0] is TRUSTED


async def test_a_token_from_the_past_revokes_the_device_and_is_recorded(
    store: PostgresDevices, engine: AsyncEngine, account_id: UUID
) -> None:
    device, stolen = await trusted(store, account_id)
    _, honest = await store.use(stolen, account_id, NOW)
    later = NOW + GRACE + timedelta(seconds=1)

    assert await store.use(stolen, account_id, later) == (DeviceStanding.REPLAYED, None)
    assert honest is not None
    assert await store.use(honest, account_id, later) == (DeviceStanding.REVOKED, None)
    async with engine.connect() as connection:
        found = sa.select(audit.c.action, audit.c.detail).where(audit.c.account_id == account_id).order_by(audit.c.id)
        assert [tuple(row) for row in await connection.execute(found)] == [
            (Action.DEVICE_TRUSTED, {"device": str(device.id)}),
            (Action.DEVICE_TOKEN_REPLAYED, {"device": str(device.id)}),
        ]


async def test_an_unknown_token_is_worth_nothing(store: PostgresDevices, account_id: UUID) -> None:
    assert await store.use(OpaqueToken(bytes(16), bytes(32)), account_id, NOW) == (DeviceStanding.UNKNOWN, None)


async def test_a_device_is_known_by_the_token_it_holds_to_its_account_alone(
    store: PostgresDevices, account_id: UUID
) -> None:
    device, first = await trusted(store, account_id)
    _, second = await store.use(first, account_id, NOW)
    assert second is not None

    assert await store.known(second, account_id, NOW) == device.id
    assert await store.known(first, account_id, NOW + GRACE) == device.id
    assert await store.known(first, account_id, NOW + GRACE + timedelta(seconds=1)) is None
    assert await store.known(OpaqueToken(first.finder, bytes(32)), account_id, NOW) is None
    assert await store.known(second, uuid4(), NOW) is None
    assert await store.known(second, account_id, NOW + LIFE) is None
    await store.end(AuditEntry(owner(account_id), Action.DEVICE_REVOKED, account_id), NOW)
    assert await store.known(second, account_id, NOW) is None


async def test_a_device_is_not_trusted_for_what_was_proved_in_another_epoch(
    store: PostgresDevices, account_id: UUID
) -> None:
    assert await store.trust(account_id, Device(uuid4(), "Editor 4.1", NOW, NOW, NOW + LIFE), 1) is None
    assert await store.living(account_id, NOW) == []


async def test_its_owner_ends_one_or_all(store: PostgresDevices, account_id: UUID) -> None:
    one, token = await trusted(store, account_id)
    other, _ = await trusted(store, account_id)
    entry = AuditEntry(owner(account_id), Action.DEVICE_REVOKED, account_id)

    assert await store.end(entry, NOW, one.id) == (one.id,)
    assert await store.use(token, account_id, NOW) == (DeviceStanding.REVOKED, None)
    assert await store.end(entry, NOW) == (other.id,)
    assert await store.living(account_id, NOW) == []


async def test_of_too_many_devices_the_one_that_was_not_used_for_longest_ends(
    store: PostgresDevices, account_id: UUID
) -> None:
    _, first = await trusted(store, account_id)
    _, second = await trusted(store, account_id)
    _, first = await store.use(first, account_id, NOW + timedelta(minutes=1))  # type: ignore[assignment]
    for _ in range(MOST - 1):
        await trusted(store, account_id, NOW + timedelta(minutes=1))

    assert (await store.use(second, account_id, NOW + timedelta(minutes=2)))[0] is DeviceStanding.REVOKED
    assert (await store.use(first, account_id, NOW + timedelta(minutes=2)))[0] is TRUSTED
