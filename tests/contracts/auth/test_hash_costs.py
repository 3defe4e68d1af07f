"""What the hashes in a real PostgreSQL cost, from what imports and logins have left there."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_hash_costs import SAMPLE, PostgresHashCosts
from services.auth.domain.decoys import decoy_of
from services.auth.domain.password_hash import bearable
from tests.unit.auth.samples import account

COSTS = (
    "$argon2id$v=19$m=19456,t=2,p=1$",
    "$2b$12$",
    "$2y$10$",
    "$scrypt$ln=16,r=8,p=1$",
    "$pbkdf2-sha256$600000$",
    "$pbkdf2-sha512$210000$",
    "pbkdf2_sha256$1200000$",
)


async def test_each_cost_is_counted_and_who_has_no_password_is_not(engine: AsyncEngine) -> None:
    store = PostgresAccounts(engine)
    for number, cost in enumerate(COSTS, start=1):
        stored = decoy_of(cost)
        assert stored is not None
        assert bearable(stored)
        for _ in range(number):
            await store.add(account(id=uuid4(), password_hash=stored), str(uuid4()))
    await store.add(account(id=uuid4(), password_hash=None), str(uuid4()))

    assert await PostgresHashCosts(engine)() == {cost: number for number, cost in enumerate(COSTS, start=1)}


@pytest.mark.parametrize("analyzed", [False, True])
async def test_of_many_accounts_a_sample_is_counted_always_the_same(engine: AsyncEngine, analyzed: bool) -> None:
    many = """
        INSERT INTO accounts (id, username, username_key, email, region, locale, status, password_hash)
        SELECT gen_random_uuid(), k, k, 'kim@customer.example', 'emea', 'en', 'active',
               CASE WHEN n % 4 = 0 THEN '$2b$12$' ELSE '$2b$10$' END || repeat('a', 53)
        FROM generate_series(1, 100000) AS n, LATERAL (SELECT 'many-' || :round || '-' || n) AS names (k)
    """
    async with engine.connect() as connection:
        await connection.execute(sa.text(many), {"round": str(analyzed)})
        if analyzed:
            await connection.execute(sa.text("ANALYZE accounts"))
    costs = await PostgresHashCosts(engine)()

    assert costs["$2b$12$"] / costs["$2b$10$"] == pytest.approx(1 / 3, rel=0.05)
    assert costs == await PostgresHashCosts(engine)()
    if analyzed:
        assert sum(costs.values()) == pytest.approx(SAMPLE, rel=0.1)
