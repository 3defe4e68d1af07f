"""Two instances, of which the one that leads dies at the moment of applying, or has a wrong clock."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.rollout.adapters.postgres_leader import SCHEDULER_LOCK
from services.rollout.adapters.tables import audit, changes
from shared.postgres import postgres_engine, transaction
from tests.integration.rollout.instance import RAMP, Rollout, bearer, rollout_on
from tests.integration.rollout.odd_rollout import POINTS
from tests.wait_until import wait_until

ENFORCED = {"mode": "enforced", "reason": "everybody"}


@pytest.fixture
async def pair(
    request: pytest.FixtureRequest, postgres_url: str, kafka_bootstrap: str, server_directory: Path
) -> AsyncIterator[tuple[Rollout, Rollout]]:
    """The odd one, which leads, and a sound one, which follows."""
    logs = server_directory / "logs"
    async with rollout_on(postgres_url, kafka_bootstrap, logs, odd=request.param, ready=False) as leader:
        await wait_until(lambda: leads(postgres_url))
        async with rollout_on(postgres_url, kafka_bootstrap, logs, ready=False) as follower:
            yield leader, follower
            follower.process.kill()
        leader.process.kill()


async def leads(postgres_url: str) -> bool:
    """Whether somebody does."""
    held = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :high AND objid = :low")
    engine = postgres_engine(postgres_url)
    async with transaction(engine) as connection:
        found = await connection.scalar(held, {"high": SCHEDULER_LOCK >> 32, "low": SCHEDULER_LOCK & 0xFFFFFFFF})
    await engine.dispose()
    return bool(found)


async def scheduled(rollout: Rollout, region: str, policy: dict[str, Any], at: datetime) -> str:
    """The id of a change that another person approved for then."""
    body = {"region": region, "apply_at": at.isoformat(), **policy}
    answer = await rollout.call("POST", "/v1/changes", body)
    assert answer.status == 201, answer
    path = f"/v1/changes/{answer.json['id']}"
    for verb, role in (("submit", "release_manager"), ("approve", "approver"), ("schedule", "release_manager")):
        answer = await rollout.call("POST", f"{path}/{verb}", if_match=answer.headers["ETag"], **bearer(role))
        assert answer.status == 200, answer
    return path


async def state(rollout: Rollout, path: str) -> str:
    return str((await rollout.call("GET", path)).json["state"])


async def applied(postgres_url: str, region: str) -> tuple[list[int], int]:
    """The base versions of all changes that were applied, and how often the audit says so."""
    engine = postgres_engine(postgres_url)
    async with transaction(engine) as connection:
        chosen = sa.select(changes.c.base_version).where(changes.c.region == region, changes.c.state == "applied")
        bases = (await connection.execute(chosen.order_by(changes.c.base_version))).scalars().all()
        told = sa.select(sa.func.count()).where(audit.c.region == region, audit.c.action == "change-applied")
        count = await connection.scalar(told)
    await engine.dispose()
    return list(bases), int(count or 0)


@pytest.mark.parametrize("pair", POINTS, indirect=True)
async def test_a_leader_dies_at_the_moment_of_applying_and_it_is_applied_once(
    pair: tuple[Rollout, Rollout], name: str, postgres_url: str
) -> None:
    leader, follower = pair
    await follower.create(name)
    path = await scheduled(follower, name, RAMP, datetime.now(UTC) + timedelta(seconds=2))
    await wait_until(lambda: not leader.process.running)

    async def is_applied() -> bool:
        return await state(follower, path) == "applied"

    await wait_until(is_applied)
    assert (await follower.call("GET", f"/v1/regions/{name}")).json["version"] == 2
    assert await applied(postgres_url, name) == ([0, 1], 2)


@pytest.mark.parametrize("pair", ["3600", "-3600"], indirect=True)
async def test_a_leader_whose_clock_is_an_hour_off_applies_nothing_early_and_nothing_twice(
    pair: tuple[Rollout, Rollout], name: str, postgres_url: str
) -> None:
    leader, follower = pair
    await follower.create(name)
    await follower.create(name + "-later")
    now = datetime.now(UTC)
    due = await scheduled(follower, name, RAMP, now + timedelta(seconds=2))
    later = await scheduled(follower, name + "-later", ENFORCED, now + timedelta(minutes=20))
    while datetime.now(UTC) < now + timedelta(seconds=2):
        await asyncio.sleep(0.1)

    async def it_has_looked() -> bool:
        """At a clock that is not its own."""
        page = (await leader.call("GET", "/metrics")).text
        apart = re.search(r"^gatepost_rollout_clock_apart\S* (\S+)$", page, re.MULTILINE)
        return apart is not None and abs(float(apart[1])) > 3_000

    await wait_until(it_has_looked)
    assert [await state(follower, path) for path in (due, later)] == ["scheduled", "scheduled"]
    leader.process.kill()

    async def is_applied() -> bool:
        return await state(follower, due) == "applied"

    await wait_until(is_applied)
    assert await state(follower, later) == "scheduled"
    assert await applied(postgres_url, name) == ([0, 1], 2)
    assert await applied(postgres_url, name + "-later") == ([0], 1)
