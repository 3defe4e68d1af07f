"""`gatepost accounts audit` on a real PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.audit_log import record
from services.auth.commands.accounts_audit import PAGE
from services.auth.domain.audit import SYSTEM, Action, AuditEntry, operator
from shared.postgres import migrate, postgres_engine, transaction
from tests.fakes import NOW
from tests.integration.auth.commands import gatepost, started
from tests.integration.auth.conftest import MIGRATIONS

KIM = UUID("0b6f6f3e-6f0e-4a5e-8c39-4b2c1b0c9a11")
COUNT = PAGE + 50


@pytest.fixture(scope="module")
async def url(postgres_url: str) -> str:
    """A database with `COUNT` entries, a minute apart; every hundredth is about Kim."""
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    async for engine in _engine(postgres_url):
        async with transaction(engine) as connection:
            for number in range(COUNT):
                about = KIM if number % 100 == 0 else uuid4()
                entry = AuditEntry(
                    operator("lee"), Action.ACCOUNT_LOCKED, about, "lost – «laptop»", {"sessions": number}
                )
                await record(connection, entry, NOW + timedelta(minutes=number))
            await record(connection, AuditEntry(SYSTEM, Action.KEYS_ROTATED, None), NOW + timedelta(days=2))
    return postgres_url


async def _engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = postgres_engine(url)
    yield engine
    await engine.dispose()


async def exported(url: str, *options: str) -> list[dict[str, Any]]:
    ended = await gatepost(url, "accounts", "audit", *options)
    assert (ended.code, ended.err) == (0, "")
    return [json.loads(line) for line in ended.out.splitlines()]


async def test_all_entries_come_in_their_order(url: str) -> None:
    entries = await exported(url)

    assert [entry["detail"].get("sessions") for entry in entries] == [*range(COUNT), None]
    assert entries[0] | {"id": 0} == {
        "id": 0,
        "at": "2026-11-24T09:00:00+00:00",
        "actor": "operator:lee",
        "action": "account-locked",
        "account_id": str(KIM),
        "reason": "lost – «laptop»",
        "detail": {"sessions": 0},
    }
    assert (entries[-1]["action"], entries[-1]["account_id"]) == ("keys-rotated", None)


async def test_those_of_one_account(url: str) -> None:
    entries = await exported(url, "--account", str(KIM))

    assert [entry["detail"]["sessions"] for entry in entries] == [*range(0, COUNT, 100)]
    assert await exported(url, "--account", str(uuid4())) == []


async def test_those_since_a_moment(url: str) -> None:
    entries = await exported(url, "--since", (NOW + timedelta(minutes=COUNT - 2)).isoformat())

    assert len(entries) == 3
    assert len(await exported(url, "--since", "2026-11-26T10:00:00+01:00")) == 1


@pytest.mark.parametrize("wrong", [("--since", "yesterday"), ("--since", "2026-11-24T09:00:00"), ("--account", "kim")])
async def test_what_is_no_moment_or_no_id_is_refused(url: str, wrong: tuple[str, str]) -> None:
    assert (await gatepost(url, "accounts", "audit", *wrong)).code == 2


async def test_a_reader_that_has_seen_enough_is_no_error(url: str) -> None:
    process = await started(url, "accounts", "audit")
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]

    assert await process.stderr.read() == b""
    assert await process.wait() == 0
