"""Nobody learns by a wrong password whether a name exists: same status, same body, same headers, same time."""

import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from scipy.stats import ks_2samp

from deploy.local.valkey import Valkey
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.tables import accounts
from services.auth.app import build
from shared.postgres import postgres_engine
from tests.integration.auth.conftest import PASSWORD, Auth, auth_settings
from tests.integration.shared.served import ready, served
from tests.unit.auth.samples import account
from tests.wait_until import wait_until

ADDRESS = "198.51.100.99"  # its own: what it uses up lies in the Redis of all tests
SAMPLES = 500
WARM_UP = 20
ARGON2_KIB = 8192  # some 4 ms: less than in production, and enough to be missed if it is left out
KNOWN, BROKEN = "timed-known", "timed-blank"
# Two samples of one distribution give less than this once in 10,000 runs. A false alarm in 1,000 would be bearable: the
# rest is for samples that are not quite independent, as a pause of this machine hits neighbours.
SAME = 1e-4


@pytest.fixture
async def timed(auth: Auth, valkey: Valkey, kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Auth]:
    """An instance without a limit worth the name, an account with a hash as it makes them, and one whose stored hash
    is none: there no work is done, as for an unknown name in a login that returns early."""
    engine = postgres_engine(auth.database, autocommit=True)
    hashed = PasswordHasher(time_cost=1, memory_cost=ARGON2_KIB, parallelism=1).hash(PASSWORD)
    async with engine.connect() as connection:  # one cost for all accounts, and so for all names that nobody has
        await connection.execute(accounts.update().values(password_hash=hashed))
    await PostgresAccounts(engine).add(account(id=uuid4(), region="auth-enforced", password_hash=hashed), KNOWN)
    limits = ("account_at_address", "address", "account_on_device")
    generous: dict[str, Any] = {f"wrong_passwords_{limit}": "1000000/1" for limit in limits}
    path = tmp_path / "policy.json"
    settings = auth_settings(
        kafka_bootstrap, auth.database, auth.otp_url, path, valkey.url, argon2_memory_kib=ARGON2_KIB, **generous
    )
    async with served(build(settings)) as url:
        await wait_until(lambda: ready(auth.session, url), 20)
        # After the costs were counted: it is no account that a name could be like.
        blank = account(id=uuid4(), region="auth-enforced", password_hash="$argon2id$" + hashed[-80:])
        await PostgresAccounts(engine).add(blank, BROKEN)
        yield Auth(url, auth.session, auth.bus, auth.database, auth.otp_url)
    await engine.dispose()


async def refused(auth: Auth, username: str) -> tuple[float, tuple[int, bytes, dict[str, str]]]:
    """How long it took, in seconds, and all that can be seen of the answer."""
    began = time.perf_counter()
    given = {"username": username, "password": "wrong", "client": {"ip": ADDRESS}}
    async with auth.session.post(f"{auth.url}/v1/logins", json=given) as response:
        body = await response.read()
        took = time.perf_counter() - began
        headers = {name: value for name, value in response.headers.items() if name.lower() != "date"}
        return took, (response.status, body, headers)


async def test_a_wrong_password_and_an_unknown_name_cannot_be_told_apart(timed: Auth) -> None:
    times: dict[str, list[float]] = {"known": [], "unknown": [], "broken": []}
    seen = set()
    shuffle = random.Random(4711).shuffle
    for place in range(WARM_UP + SAMPLES):
        usernames = [("known", KNOWN), ("unknown", f"timed-{uuid4().hex[:5]}"), ("broken", BROKEN)]
        shuffle(usernames)
        for kind, username in usernames:
            took, answer = await refused(timed, username)
            seen.add(repr(answer))
            if place >= WARM_UP:
                times[kind].append(took)

    assert len(seen) == 1
    assert ks_2samp(times["known"], times["unknown"]).pvalue > SAME
    assert ks_2samp(times["known"], times["broken"]).pvalue < SAME  # it would have been seen
