"""Previews of 100,000 accounts, beside the truth in auth's database: real auth and rollout, and Kafka between them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.postgres import Postgres
from services.auth.domain.region_policy import cohort_of
from services.rollout.app import build
from services.rollout.domain.accuracy import Note
from services.rollout.settings import RolloutSettings
from shared.cloudevents import body_of, headers_of
from shared.events import AccountSuppressed, Event, LoginOutcome, ProviderLimitObserved
from shared.postgres import migrate
from tests.conftest import empty_database
from tests.integration.auth.auth_process import auth_process
from tests.integration.auth.conftest import MIGRATIONS
from tests.integration.rollout.instance import OPERATORS, Rollout, Topic, bearer, new_name
from tests.integration.shared.served import served
from tests.wait_until import wait_until

WAIT_S = 60
STEPS = [1, 100, 333, 500, 1_000, 2_500, 5_000, 9_999, 10_000]

# In the shares that a customer may have: SSO 12 %, own MFA 8 %, an app 5 %, locked 1 %; some of them in two groups.
SEED = """
INSERT INTO accounts (id, username, username_key, email, region, locale, sso, own_mfa, status)
SELECT gen_random_uuid(), $1 || n, $1 || n,
       CASE WHEN n % 500 = 10 THEN 'no address ' || n WHEN n % 97 = 0 THEN 'käthe' || n || '@münchen.example'
            ELSE 'user' || n || '@customer.example' END,
       $1, 'de', n % 25 < 3, n % 25 BETWEEN 2 AND 4, CASE WHEN n % 100 = 7 THEN 'locked' ELSE 'active' END
FROM generate_series(1, $2) AS n
"""
SEED_TOTP = """
INSERT INTO totp_factors (account_id, state, secret, created_at)
SELECT id, CASE WHEN n % 2 = 0 THEN 'pending' ELSE 'confirmed' END, 's', now()
FROM (SELECT id, row_number() OVER (ORDER BY username) AS n FROM accounts WHERE region = $1) AS numbered
WHERE n % 10 < 2
"""
# Asked otherwise than auth asks.
TRUTH = """
SELECT id, email LIKE 'no address%' AS unusable FROM accounts
WHERE region = $1 AND status = 'active' AND NOT sso AND NOT own_mfa
  AND id NOT IN (SELECT account_id FROM totp_factors WHERE state = 'confirmed')
"""


@dataclass(frozen=True)
class Truth:
    """By account: whether its address takes no mail."""

    accounts: dict[UUID, bool]
    salt: str

    def challenged(self, percent: int) -> list[UUID]:
        return [each for each in self.accounts if cohort_of(self.salt, each) < percent]

    def unusable(self, percent: int) -> int:
        return sum(self.accounts[each] for each in self.challenged(percent))


@pytest.fixture(scope="module")
async def accounts(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    async with empty_database(postgres, "preview-auth") as url:
        await asyncio.to_thread(migrate, MIGRATIONS, url)
        connection = await asyncpg.connect(url)
        yield connection
        await connection.close()


@pytest.fixture(scope="module")
async def auth(
    accounts: asyncpg.Connection, postgres: Postgres, kafka_bootstrap: str, server_directory: Path
) -> AsyncIterator[None]:
    url, logs = f"{postgres.server_url}preview-auth", server_directory / "logs" / "preview-auth"
    snapshot = server_directory / "preview" / "policy.json"
    process = auth_process(kafka_bootstrap, url, logs, snapshot, POPULATION_EVERY_S="2")
    await asyncio.to_thread(process.start, wait=False)
    yield
    await asyncio.to_thread(process.close)


async def seed(accounts: asyncpg.Connection, region: str, many: int) -> None:
    async with accounts.transaction():  # auth may count at any time
        await accounts.execute(SEED, region, many)
        await accounts.execute(SEED_TOTP, region)


async def truth(accounts: asyncpg.Connection, region: str, salt: str) -> Truth:
    return Truth({row["id"]: row["unusable"] for row in await accounts.fetch(TRUTH, region)}, salt)


async def preview(rollout: Rollout, region: str, steps: Iterable[int] = STEPS) -> Any:
    answer = await rollout.call("POST", "/v1/previews", {"region": region, "steps": list(steps)}, **bearer("viewer"))
    assert answer.status == 200, answer
    return answer.json


async def until_counted(rollout: Rollout, region: str, note: Note) -> Any:
    async def counted() -> bool:
        found = await preview(rollout, region)
        return found["population"] is not None and note.value in found["accuracy"]

    await wait_until(counted, WAIT_S)
    return await preview(rollout, region)


async def publish(kafka: str, *events: Event) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for event in events:
        headers = [(name, value.encode()) for name, value in headers_of(event, datetime.now(UTC)).items()]
        await producer.send_and_wait(event.topic, body_of(event), key=event.key.encode(), headers=headers)
    await producer.stop()


def login(region: str, at: datetime, reason: str = "region-shadow", outcome: str = "would-challenge") -> LoginOutcome:
    return LoginOutcome(
        attempt_id=uuid4(),
        account_id=uuid4(),
        outcome=outcome,
        reason=reason,
        region=region,
        product="editor",
        at=at,
    )


async def test_a_preview_of_100_000_accounts_is_what_the_database_says(
    rollout: Rollout, topic: Topic, auth: None, accounts: asyncpg.Connection, name: str
) -> None:
    await seed(accounts, name, 100_000)
    await rollout.create(name)
    await wait_until(lambda: topic.events(name) != [])
    true = await truth(accounts, name, topic.events(name)[0].salt)

    found = await until_counted(rollout, name, Note.BY_RAMP)

    shown = found["population"]
    exempt = sum(shown[group] for group in ("sso", "locked", "totp", "own_mfa"))
    assert shown["accounts"] == 100_000
    assert (shown["concerned"], exempt) == (len(true.accounts), 100_000 - len(true.accounts))
    assert shown["sso"] == await accounts.fetchval("SELECT count(*) FROM accounts WHERE region = $1 AND sso", name)
    assert shown["unusable"] == true.unusable(10_000) > 0
    for step in found["steps"]:
        # Within 1 % is asked for. All accounts are counted by their cohort, so it is the very number.
        assert step["challenged"] == len(true.challenged(step["percent"])), step
        assert step["unusable"] == true.unusable(step["percent"]), step
        assert step["off_by"] == 0


async def test_a_region_that_a_change_makes_is_previewed_before_it_has_a_ramp(
    rollout: Rollout, topic: Topic, auth: None, accounts: asyncpg.Connection, name: str
) -> None:
    await seed(accounts, name, 20_000)
    found = await until_counted(rollout, name, Note.EVENLY)
    draft = {"region": name, "mode": "ramp", "percent": 3_000, "reason": "first step"}
    change = (await rollout.call("POST", "/v1/changes", draft)).json["id"]

    found = (await rollout.call("GET", f"/v1/changes/{change}/preview?step=1000&step=10000")).json

    assert [step["percent"] for step in found["steps"]] == [1_000, 3_000, 10_000]
    await rollout.create(name)
    await wait_until(lambda: topic.events(name) != [])
    true = await truth(accounts, name, topic.events(name)[0].salt)
    for step in found["steps"]:
        assert abs(step["challenged"] - len(true.challenged(step["percent"]))) <= step["off_by"]
    assert found["steps"][-1]["off_by"] == 0
    after = await until_counted(rollout, name, Note.BY_RAMP)  # soon after the ramp is known
    assert [step["challenged"] for step in after["steps"]] == [len(true.challenged(percent)) for percent in STEPS]


async def test_what_the_notifier_and_logins_tell_is_in_the_preview(
    rollout: Rollout, kafka_bootstrap: str, name: str
) -> None:
    await rollout.create(name)
    now = datetime.now(UTC)
    last_hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    busy = [login(name, last_hour + timedelta(seconds=n)) for n in range(120)]
    device = [login(name, last_hour, "trusted-device", "allowed") for _ in range(30)]
    quiet = [login(name, last_hour - timedelta(hours=1))]
    accounts, until = [uuid4() for _ in range(5)], now + timedelta(days=30)
    listed = [AccountSuppressed(account_id=each, region=name, until=until, at=now) for each in accounts]
    cleared = AccountSuppressed(account_id=accounts[0], region=name, until=None, at=now)
    provider = f"p{name[:8]}"
    limit = ProviderLimitObserved(
        provider=provider, most_per_minute=3, limit_per_minute=4, set_per_minute=6_000, at=now
    )
    await publish(kafka_bootstrap, *busy, *device, *quiet, *busy[:50], *listed, cleared, limit)

    async def counted() -> bool:
        hours = (await rollout.call("GET", f"/v1/regions/{name}/logins?hours=48")).json["hours"]
        return sum(int(hour["logins"]) for hour in hours) == 151

    await wait_until(counted, WAIT_S)
    before, busiest = (await rollout.call("GET", f"/v1/regions/{name}/logins?hours=48")).json["hours"]
    assert before["would_challenge"] == 1
    assert (busiest["logins"], busiest["by_region"], busiest["would_challenge"], busiest["challenged"]) == (
        150,
        120,
        120,
        0,
    )
    found = await preview(rollout, name, [5_000, 10_000])
    assert found["busiest_hour"]["logins"] == 120
    assert [step["codes_per_minute"] for step in found["steps"]] == [1.0, 2.0]
    assert [step["fits"][provider] for step in found["steps"]] == [True, False]  # 4 and 7 in the busiest minute
    shown = next(each for each in found["providers"] if each["provider"] == provider)
    assert shown["limit_per_minute"] == 4


async def test_a_region_that_nobody_knows_has_no_population_and_no_logins(rollout: Rollout, name: str) -> None:
    found = await preview(rollout, name)
    assert (found["population"], found["busiest_hour"]) == (None, None)
    assert [step["challenged"] for step in found["steps"]] == [None] * len(STEPS)
    assert Note.NOT_COUNTED.value in found["accuracy"]
    assert (await rollout.call("GET", f"/v1/regions/{name}/logins")).problem == "unknown-region"


@pytest.mark.parametrize(
    "body",
    [{}, {"region": "EMEA"}, {"region": "emea", "steps": []}, {"region": "emea", "steps": [10_001]},
     {"region": "emea", "steps": [-1]}, {"region": "emea", "steps": ["5"]}, {"region": "emea", "steps": [1] * 51},
     {"region": "emea", "percent": 5}],
)  # fmt: skip
async def test_a_body_that_makes_no_sense_is_refused(rollout: Rollout, body: object) -> None:
    assert (await rollout.call("POST", "/v1/previews", body)).status == 422


async def test_a_change_that_there_is_not_has_no_preview(rollout: Rollout) -> None:
    assert (await rollout.call("GET", f"/v1/changes/{uuid4()}/preview")).problem == "unknown-change"
    assert (await rollout.call("GET", "/v1/changes/no-id/preview")).status == 422
    assert (await rollout.call("GET", f"/v1/changes/{uuid4()}/preview?step=10001")).status == 422


async def test_nothing_is_previewed_before_all_is_known(postgres_url: str, rollout: Rollout) -> None:
    away = {"port": 1, "kafka": "127.0.0.1:1", "database_url": postgres_url, "operators": OPERATORS}
    async with served(build(RolloutSettings.model_validate(away))) as url, aiohttp.ClientSession() as http:
        body = {"region": new_name()}
        async with http.post(f"{url}/v1/previews", json=body, headers=bearer("viewer")) as answer:
            assert (answer.status, (await answer.json())["type"]) == (
                503,
                "urn:gatepost:problem:temporarily-unavailable",
            )
        async with http.get(f"{url}/v1/regions", headers=bearer("viewer")) as answer:
            assert answer.status == 200
