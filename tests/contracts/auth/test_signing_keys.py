"""The signing keys in PostgreSQL, and the commands that change them."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.adapters.tables import audit, signing_keys
from services.auth.commands import keys as commands
from services.auth.domain.audit import COMMAND_LINE, SYSTEM
from services.auth.domain.signing_keys import SigningKey, SigningKeys
from services.auth.use_cases.follow_signing_keys import FollowSigningKeys
from services.auth.use_cases.rotate_signing_keys import NotWithdrawn, Withdrawn
from shared.encryption import Encryption, Undecryptable
from shared.keyring import Keyring
from shared.postgres import postgres_engine
from tests.fakes import NOW
from tests.integration.auth.conftest import ring_text
from tests.unit.auth.samples import signing_key, signing_ring

RING = signing_ring("store-1")
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(engine: AsyncEngine) -> PostgresSigningKeys:
    """Without keys; the audit table cannot be emptied, so tests look at its end."""
    async with engine.connect() as connection:
        await connection.execute(signing_keys.delete())
    return with_ring(engine, RING)


def with_ring(engine: AsyncEngine, ring: Keyring) -> PostgresSigningKeys:
    return PostgresSigningKeys(engine, Encryption(ring))


async def audited(engine: AsyncEngine, count: int) -> list[tuple[str, str, Any]]:
    """The newest entries, newest first."""
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(count))
        return [(row.actor, row.action, row.detail) for row in rows]


async def test_what_was_added_is_loaded_with_its_seed(store: PostgresSigningKeys) -> None:
    key = signing_key("k1", created_at=NOW, signs_from=NOW + HOUR)
    await store.add(key, COMMAND_LINE)

    assert await store.load(NOW) == (key,)
    assert (await store.all())[0].seed == b""
    assert await audited(store.engine, 1) == [(COMMAND_LINE, "keys-rotated", {"added": "k1"})]


async def test_no_seed_can_be_read_in_the_database(store: PostgresSigningKeys) -> None:
    await store.add(signing_key("k1"), COMMAND_LINE)
    async with store.engine.connect() as connection:
        (row,) = (await connection.execute(sa.select(signing_keys))).all()

    assert signing_key("k1").seed not in row.seed
    assert row.seed.startswith(b"store-1.")


async def test_a_seed_that_was_moved_to_another_id_is_no_key(store: PostgresSigningKeys) -> None:
    await store.add(signing_key("k1"), COMMAND_LINE)
    async with store.engine.connect() as connection:
        await connection.execute(sa.update(signing_keys).values(kid="k2"))

    with pytest.raises(Undecryptable):
        await store.load(NOW)


async def test_storage_keys_can_change_and_an_old_one_is_needed_while_its_signing_keys_are(
    store: PostgresSigningKeys,
) -> None:
    await store.add(signing_key("k1"), COMMAND_LINE)
    both = with_ring(store.engine, signing_ring("store-2", "store-1"))
    await both.add(signing_key("k2", signs_from=NOW), COMMAND_LINE)
    only_new = with_ring(store.engine, signing_ring("store-2"))

    assert [key.seed for key in await both.load(NOW)] == [signing_key("k1").seed, signing_key("k2").seed]
    with pytest.raises(Undecryptable):
        await only_new.load(NOW + HOUR)
    assert [key.seed for key in await only_new.load(NOW + 2 * HOUR)] == [b"", signing_key("k2").seed]


async def test_of_many_that_start_at_once_one_makes_the_first_key(store: PostgresSigningKeys) -> None:
    added = await asyncio.gather(*(store.ensure(signing_key(f"k{place}")) for place in range(8)))

    assert sum(added) == 1
    (only,) = await store.load(NOW)
    assert await audited(store.engine, 1) == [(SYSTEM, "keys-rotated", {"added": only.kid})]


async def test_a_first_key_is_made_only_where_none_could_sign(store: PostgresSigningKeys) -> None:
    await store.ensure(signing_key("k1", created_at=NOW, signs_from=NOW + HOUR))  # a clock that is ahead

    assert not await store.ensure(signing_key("k2", created_at=NOW, signs_from=NOW))


async def test_withdrawing_the_signer_puts_another_into_its_place_in_the_same_step(store: PostgresSigningKeys) -> None:
    await store.add(signing_key("k1"), COMMAND_LINE)
    await store.add(signing_key("k3", signs_from=NOW + HOUR), COMMAND_LINE)
    substitute = signing_key("k2", created_at=NOW, signs_from=NOW)

    assert await store.withdraw("k1", substitute, COMMAND_LINE) == Withdrawn(substitute)
    keys = SigningKeys(await store.load(NOW))
    assert keys.signer(NOW) == substitute
    assert keys.get("k1", NOW) is None
    assert keys.signer(NOW + HOUR) == signing_key("k3", signs_from=NOW + HOUR)
    assert await audited(store.engine, 1) == [(COMMAND_LINE, "keys-rotated", {"withdrawn": "k1", "added": "k2"})]


async def test_withdrawing_another_than_the_signer_adds_none(store: PostgresSigningKeys) -> None:
    await store.add(signing_key("k1"), COMMAND_LINE)
    await store.add(signing_key("k2", signs_from=NOW), COMMAND_LINE)
    spare = signing_key("k3", created_at=NOW, signs_from=NOW)

    assert await store.withdraw("k1", spare, COMMAND_LINE) == Withdrawn(None)
    assert [key.kid for key in await store.all()] == ["k1", "k2"]
    assert await store.withdraw("k1", spare, COMMAND_LINE) is NotWithdrawn.ALREADY
    assert await store.withdraw("nobody's", spare, COMMAND_LINE) is NotWithdrawn.UNKNOWN
    assert await audited(store.engine, 1) == [(COMMAND_LINE, "keys-rotated", {"withdrawn": "k1", "added": None})]


async def test_however_many_withdraw_at_once_there_is_a_signer_left(store: PostgresSigningKeys) -> None:
    await store.add(signing_key("k0"), COMMAND_LINE)

    async def withdraw(place: int) -> None:
        signer = SigningKeys(await store.all()).signer(NOW)
        assert signer is not None
        await store.withdraw(signer.kid, signing_key(f"s{place}", created_at=NOW, signs_from=NOW), COMMAND_LINE)

    await asyncio.gather(*(withdraw(place) for place in range(8)))

    assert SigningKeys(await store.load(NOW)).signer(NOW) is not None


async def test_an_instance_is_ready_with_keys_and_keeps_the_last_known_ones(
    store: PostgresSigningKeys, postgres_url: str
) -> None:
    keys = SigningKeys()
    away = PostgresSigningKeys(
        postgres_engine("postgresql://nobody@127.0.0.1:1/none", autocommit=True), store.encryption
    )
    unreadable = with_ring(store.engine, signing_ring("another"))

    def following(source: PostgresSigningKeys) -> FollowSigningKeys:
        return FollowSigningKeys(source, keys, secrets.token_bytes, lambda: NOW)

    assert not await following(away).read()
    assert not await following(away).ready()
    assert await following(store).read()
    made = keys.signer(NOW)
    for broken in (away, unreadable):
        assert not await following(broken).read()
        assert await following(broken).ready()
        assert keys.signer(NOW) == made
    await away.engine.dispose()


Run = Callable[..., str]


@pytest.fixture
def run(
    store: PostgresSigningKeys, postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command in a thread, as a process of its own would, and gives what it says."""
    monkeypatch.setenv("GATEPOST_DATABASE_URL", postgres_url)
    monkeypatch.setenv("GATEPOST_STORAGE_KEYS", ring_text(RING))

    def call(command: Callable[[list[str]], None], *arguments: str) -> str:
        command(list(arguments))
        return capsys.readouterr().out

    return call


async def test_the_commands_make_show_and_withdraw_keys(store: PostgresSigningKeys, run: Run) -> None:
    now = datetime.now(UTC)
    await store.add(signing_key("first"), COMMAND_LINE)
    said = await asyncio.to_thread(run, commands.rotate, "--lead", "400")
    following = (await store.all())[1]

    assert said.startswith(f"{following.kid} is published now")
    assert timedelta(seconds=400) <= following.signs_from - now <= timedelta(seconds=410)
    lines = (await asyncio.to_thread(run, commands.show)).splitlines()
    assert [line.split()[:2] for line in lines] == [["first", "signs"], [following.kid, "next"]]

    said = await asyncio.to_thread(run, commands.withdraw, "first")
    assert "first is withdrawn" in said
    states = [line.split()[1] for line in (await asyncio.to_thread(run, commands.show)).splitlines()]
    assert states == ["withdrawn", "signs", "next"]
    assert [actor for actor, _, _ in await audited(store.engine, 2)] == [COMMAND_LINE] * 2


@pytest.mark.parametrize(
    ("command", "arguments", "complaint"),
    [
        (commands.rotate, ["--lead", "309"], "at least 310"),  # 300 in caches, two readings of 5 s
        (commands.rotate, ["--lead", "-1"], "at least 310"),
        (commands.rotate, ["--lead", "soon"], "invalid int"),
        (commands.withdraw, ["nobody's"], "unknown"),
        (commands.withdraw, [], "kid"),
    ],
)
async def test_a_command_that_cannot_be_done_says_so_and_changes_nothing(
    store: PostgresSigningKeys,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    command: Callable[[list[str]], None],
    arguments: list[str],
    complaint: str,
) -> None:
    before: tuple[SigningKey, ...] = await store.all()
    with pytest.raises(SystemExit) as ended:
        await asyncio.to_thread(run, command, *arguments)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
    assert await store.all() == before


async def test_a_command_without_its_database_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(SystemExit, match="postgres is unavailable; nothing was changed"):
        await asyncio.to_thread(run, commands.rotate)
