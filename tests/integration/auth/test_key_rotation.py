"""Two instances on one database, under load, while signing keys come and go: no valid token is refused."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.app import build
from services.auth.domain.signing_keys import SigningKey
from services.auth.settings import AuthSettings
from services.auth.use_cases.rotate_signing_keys import RotateSigningKeys, Withdrawn
from shared.encryption import Encryption
from shared.postgres import postgres_engine
from tests.integration.auth.conftest import STORAGE, Auth, auth_settings
from tests.integration.shared.served import ready, served
from tests.unit.shared.samples import private_ring, public_ring
from tests.wait_until import wait_until

# As in production but faster: no cache between, keys read five times a second, a second of lead.
FAST: dict[str, Any] = {"jwks_max_age_s": 0, "key_refresh_s": 0.2, "key_lead_s": 1}
WORKERS = 4


@pytest.fixture(scope="module")
async def pair(
    auth: Auth, database: str, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Auth, Auth]]:
    """Two instances beside each other."""
    async with AsyncExitStack() as stack:
        urls = []
        for name in ("one", "other"):
            snapshot = tmp_path_factory.mktemp(name) / "policy.json"
            settings = auth_settings(kafka_bootstrap, database, auth.otp_url, snapshot, **FAST)
            urls.append(await stack.enter_async_context(served(build(settings))))
        one, other = (Auth(url, auth.session, auth.bus, database, auth.otp_url) for url in urls)
        await wait_until(lambda: ready(auth.session, one.url), 20)
        await wait_until(lambda: ready(auth.session, other.url), 20)
        yield one, other


@pytest.fixture
async def rotation(database: str) -> AsyncIterator[RotateSigningKeys]:
    engine = postgres_engine(database, autocommit=True)
    store = PostgresSigningKeys(engine, Encryption(STORAGE))
    yield RotateSigningKeys(store, secrets.token_bytes, lambda: datetime.now(UTC), timedelta(seconds=1))
    await engine.dispose()


async def published(instance: Auth) -> dict[str, Any]:
    """The key set of an instance, by key id."""
    _, body, _ = await instance.get("/.well-known/jwks.json")
    return {key["kid"]: key for key in body["keys"]}


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def authz(instance: Auth, token: str) -> int:
    return (await instance.get("/v1/authz", Authorization=f"Bearer {token}"))[0]


@dataclass
class Load:
    """Logs in here and there and shows each token, and the first ones again and again, to both instances.

    `refused` are statuses that were not 200; `unpublished` are tokens whose key was not yet in both key sets as they
    were read before the login.
    """

    pair: tuple[Auth, Auth]
    refused: list[int] = field(default_factory=list)
    unpublished: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)  # kid → the first token it signed
    checks: int = 0
    over: bool = False

    async def run(self, worker: int) -> None:
        while not self.over:
            at = self.pair[worker % 2]
            known = set(await published(self.pair[0])) & set(await published(self.pair[1]))
            status, done = await at.log_in("auth-off")
            if status != 200:
                self.refused.append(status)
                continue
            token = done["access_token"]
            if kid_of(token) not in known:
                self.unpublished.append(kid_of(token))
            self.kept.setdefault(kid_of(token), token)
            for shown in (token, *self.kept.values()):
                statuses = [await authz(instance, shown) for instance in self.pair]
                self.refused += [status for status in statuses if status != 200]
                self.checks += len(statuses)


async def rotated(rotation: RotateSigningKeys, load: Load) -> str:
    """The id of a new key that has signed, and with which the load has gone on for a while."""
    key = await rotation.rotate(timedelta(seconds=1), "test")
    assert isinstance(key, SigningKey)
    await wait_until(lambda: key.kid in load.kept)
    checks = load.checks + 200
    await wait_until(lambda: load.checks >= checks, 20)
    return key.kid


async def test_two_rotations_under_load_refuse_no_valid_token(
    pair: tuple[Auth, Auth], rotation: RotateSigningKeys
) -> None:
    load = Load(pair)
    workers = [asyncio.create_task(load.run(worker)) for worker in range(WORKERS)]
    made = [await rotated(rotation, load), await rotated(rotation, load)]
    load.over = True
    await asyncio.gather(*workers)

    assert load.refused == []
    assert load.unpublished == []
    assert set(load.kept) == {"sign-1", *made}
    for instance in pair:
        assert set(await published(instance)) == set(load.kept)


async def test_the_next_key_is_published_before_it_signs_and_accepted_from_then_on(
    pair: tuple[Auth, Auth], rotation: RotateSigningKeys
) -> None:
    _, before = await pair[0].log_in("auth-off")
    key = await rotation.rotate(timedelta(hours=1), "test")
    assert isinstance(key, SigningKey)

    async def both_publish() -> bool:
        return all([key.kid in await published(instance) for instance in pair])

    await wait_until(both_publish)
    _, after = await pair[0].log_in("auth-off")
    assert kid_of(after["access_token"]) == kid_of(before["access_token"]) != key.kid


async def test_the_tokens_of_a_withdrawn_key_are_refused_by_both_and_the_others_go_on(
    pair: tuple[Auth, Auth], rotation: RotateSigningKeys
) -> None:
    _, done = await pair[0].log_in("auth-off")
    leaked = done["access_token"]
    withdrawn = await rotation.withdraw(kid_of(leaked), "test")
    assert isinstance(withdrawn, Withdrawn)
    assert withdrawn.substitute is not None
    substitute = withdrawn.substitute.kid

    async def both_refuse() -> bool:
        return [await authz(instance, leaked) for instance in pair] == [401, 401]

    await wait_until(both_refuse, 2)
    for instance in pair:
        _, done = await instance.log_in("auth-off")
        assert kid_of(done["access_token"]) == substitute
        assert [await authz(each, done["access_token"]) for each in pair] == [200, 200]
        assert kid_of(leaked) not in await published(instance)


async def test_an_instance_that_has_read_no_keys_yet_calls_no_token_invalid(
    auth: Auth, kafka_bootstrap: str, tmp_path: Path
) -> None:
    """Started while PostgreSQL is away: 401 would sign people out, and gateways would keep an empty key set."""
    _, done = await auth.log_in("auth-off")
    settings = auth_settings(kafka_bootstrap, "postgresql://nobody@127.0.0.1:1/none", auth.otp_url, tmp_path / "p.json")
    async with served(build(settings)) as url:
        early = Auth(url, auth.session, auth.bus, "", auth.otp_url)
        assert await authz(early, done["access_token"]) == 503
        status, answer, _ = await early.get("/.well-known/jwks.json")
        assert (status, answer["dependency"]) == (503, "signing-keys")
        _, health, _ = await early.get("/readyz")
        assert health["checks"]["signing-keys"] == "failing"


async def test_addresses_are_sealed_to_a_new_key_without_a_restart(
    auth: Auth, database: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    def settings(*sealing_keys: str) -> AuthSettings:
        keys = {"sealing_public_keys": public_ring(private_ring(*sealing_keys)).text}
        return auth_settings(kafka_bootstrap, database, auth.otp_url, tmp_path / "p.json", **FAST, **keys)

    reread = [settings("seal-1")]
    async with served(build(reread[0], lambda: reread[0])) as url:
        instance = replace(auth, url=url)
        await wait_until(lambda: ready(auth.session, url), 20)

        async def key_used() -> str:
            _, challenge = await instance.log_in("auth-enforced")
            # Spent, or the sixth look would find five live challenges, and no mail.
            await instance.verify(challenge, await instance.code_for(challenge))
            issued = next(each for each in auth.issued if str(each.challenge_id) == challenge["challenge_id"])
            return issued.address.partition(".")[0]

        assert await key_used() == "seal-1"
        reread[0] = settings("seal-2", "seal-1")

        async def changed() -> bool:
            return await key_used() == "seal-2"

        await wait_until(changed)


def test_a_lead_that_is_shorter_than_the_caches_is_no_setting(auth_values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="key_lead_s must be at least 310"):
        AuthSettings.model_validate(auth_values | {"key_lead_s": 309})


@pytest.fixture
def auth_values(tmp_path: Path) -> dict[str, Any]:
    return auth_settings("127.0.0.1:1", "postgresql://127.0.0.1:1/auth", "http://127.0.0.1:1", tmp_path).model_dump()
