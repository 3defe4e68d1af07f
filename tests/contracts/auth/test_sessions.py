"""Sessions and refresh tokens, on PostgreSQL: every answer hangs on its row locks."""

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_sessions import PostgresSessions
from services.auth.adapters.tables import accounts, audit, sessions
from services.auth.domain.account import AccountStatus
from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.factor import ACR_PASSWORD, ACR_TOTP, Method, proof_of
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.domain.session import Session, SessionLives
from services.auth.use_cases.refresh_session import Ended, Refreshed, Replayed
from shared.postgres import transaction
from tests.contracts.auth.database import new_account
from tests.fakes import NOW

LIVES = SessionLives(timedelta(days=90), timedelta(days=14), timedelta(seconds=30))


def session(account_id: UUID, **changes: object) -> Session:
    values: dict[str, object] = {
        "id": uuid4(),
        "account_id": account_id,
        "product": "editor",
        "client": "Editor 4.1",
        "amr": ("pwd", "otp"),
        "acr": proof_of(Method.EMAIL_OTP).acr,
        "scope": ("account",),
        "auth_time": NOW,
        "created_at": NOW,
        "last_used_at": NOW,
        "expires_at": NOW + LIVES.whole,
    }
    return Session(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def store(engine: AsyncEngine) -> PostgresSessions:
    return PostgresSessions(engine, LIVES, secrets.token_bytes)


async def opened(store: PostgresSessions, account_id: UUID, **changes: object) -> tuple[Session, OpaqueToken]:
    made = session(account_id, **changes)
    token = await store.open(made, 0)
    assert token is not None
    return made, token


async def refreshed(store: PostgresSessions, token: OpaqueToken, now: datetime) -> OpaqueToken:
    result = await store.refresh(token, now)
    assert isinstance(result, Refreshed), result
    return result.token


async def test_a_session_comes_back_as_it_was_opened(store: PostgresSessions, account_id: UUID) -> None:
    made, token = await opened(store, account_id)
    result = await store.refresh(token, NOW + timedelta(hours=1))

    assert isinstance(result, Refreshed)
    assert result.session == session(account_id, id=made.id, last_used_at=NOW + timedelta(hours=1))
    assert result.token.secret != token.secret


async def test_the_tokens_are_nowhere_in_the_row(
    store: PostgresSessions, engine: AsyncEngine, account_id: UUID
) -> None:
    made, token = await opened(store, account_id)
    after = await refreshed(store, token, NOW)
    async with engine.connect() as connection:
        row = (await connection.execute(sessions.select().where(sessions.c.id == made.id))).one()
    stored = b"".join(value for value in row if isinstance(value, bytes))

    assert len(stored) == 4 * 32
    for secret in (token.finder, token.secret, after.secret):
        assert secret not in stored


async def test_a_closed_account_gets_no_session_and_no_new_token(store: PostgresSessions, engine: AsyncEngine) -> None:
    locked = await new_account(engine, status=AccountStatus.LOCKED)
    sso = await new_account(engine, sso=True)
    closing = await new_account(engine)
    _, token = await opened(store, closing)
    async with transaction(engine) as connection:
        await connection.execute(accounts.update().where(accounts.c.id == closing).values(status="locked"))

    assert await store.open(session(locked), 0) is None
    assert await store.open(session(sso), 0) is None
    assert await store.open(session(uuid4()), 0) is None
    assert await store.refresh(token, NOW) is Ended.ACCOUNT_CLOSED


async def test_two_honest_refreshes_at_once_both_get_the_same_next_token(
    store: PostgresSessions, account_id: UUID
) -> None:
    _, token = await opened(store, account_id)
    following = await asyncio.gather(*(refreshed(store, token, NOW) for _ in range(20)))

    assert len(set(following)) == 1
    await refreshed(store, following[0], NOW + timedelta(minutes=10))


async def test_a_token_from_the_past_ends_the_session_for_both_holders(
    store: PostgresSessions, engine: AsyncEngine, account_id: UUID
) -> None:
    made, stolen = await opened(store, account_id)
    honest = await refreshed(store, stolen, NOW)
    later = NOW + LIVES.grace + timedelta(seconds=1)
    result = await store.refresh(stolen, later)

    assert isinstance(result, Replayed)
    assert result.session.id == made.id
    assert await store.refresh(honest, later) is Ended.REVOKED
    assert await store.refresh(stolen, later) is Ended.REVOKED
    async with engine.connect() as connection:
        found = sa.select(audit.c.action, audit.c.detail).where(audit.c.account_id == account_id)
        assert [tuple(row) for row in await connection.execute(found)] == [
            (Action.REFRESH_TOKEN_REPLAYED, {"session": str(made.id)})
        ]


async def test_within_the_grace_only_the_previous_token_still_serves(store: PostgresSessions, account_id: UUID) -> None:
    _, first = await opened(store, account_id)
    second = await refreshed(store, first, NOW)
    await refreshed(store, second, NOW)

    assert isinstance(await store.refresh(first, NOW), Replayed)


async def test_who_never_held_a_token_cannot_end_a_session(store: PostgresSessions, account_id: UUID) -> None:
    made, token = await opened(store, account_id)

    assert await store.refresh(OpaqueToken(made.id.bytes, bytes(32)), NOW) is Ended.UNKNOWN
    await refreshed(store, token, NOW)


async def test_an_idle_session_and_an_old_one_end(store: PostgresSessions, account_id: UUID) -> None:
    _, idle = await opened(store, account_id)
    _, used = await opened(store, account_id, expires_at=NOW + timedelta(days=15))
    used = await refreshed(store, used, NOW + timedelta(days=10))

    assert await store.refresh(idle, NOW + LIVES.idle) is Ended.EXPIRED
    assert await store.refresh(used, NOW + timedelta(days=15)) is Ended.EXPIRED


async def test_the_list_shows_what_lives_and_is_ones_own(
    store: PostgresSessions, engine: AsyncEngine, account_id: UUID
) -> None:
    one, _ = await opened(store, account_id)
    other, _ = await opened(store, account_id, last_used_at=NOW + timedelta(hours=1))
    await opened(store, account_id, expires_at=NOW + timedelta(minutes=1))
    await opened(store, await new_account(engine))

    listed = await store.living(account_id, NOW + timedelta(hours=2))
    assert [each.id for each in listed] == [other.id, one.id]


async def test_one_ends_or_all_end_and_nobody_elses(
    store: PostgresSessions, engine: AsyncEngine, account_id: UUID
) -> None:
    one, _ = await opened(store, account_id)
    other, _ = await opened(store, account_id)
    foreign, _ = await opened(store, await new_account(engine))
    entry = AuditEntry(owner(account_id), Action.SESSION_REVOKED, account_id)

    assert await store.end(entry, NOW, foreign.id) == ()
    assert await store.end(entry, NOW, one.id) == (one.id,)
    assert await store.end(entry, NOW) == (other.id,)
    assert await store.end(entry, NOW) == ()
    async with engine.connect() as connection:
        counted = sa.select(sa.func.count()).where(audit.c.account_id == account_id)
        assert await connection.scalar(counted) == 2


async def test_what_kafka_does_not_have_yet_is_found(store: PostgresSessions, account_id: UUID) -> None:
    made, _ = await opened(store, account_id)
    await store.end(AuditEntry(owner(account_id), Action.SESSION_REVOKED, account_id), NOW)

    assert (made.id, NOW) in await store.revoked_since(NOW - timedelta(seconds=1), unannounced=True)
    assert (made.id, NOW) not in await store.revoked_since(NOW, unannounced=True)
    await store.announced([made.id], NOW)
    assert (made.id, NOW) not in await store.revoked_since(NOW - timedelta(seconds=1), unannounced=True)
    assert (made.id, NOW) in await store.revoked_since(NOW - timedelta(seconds=1), unannounced=False)


async def test_a_step_up_raises_a_living_session_of_ones_own(store: PostgresSessions, account_id: UUID) -> None:
    made, _ = await opened(store, account_id)
    later, proof = NOW + timedelta(hours=1), proof_of(Method.TOTP)

    raised = await store.step_up(made.id, account_id, proof, later)
    assert raised is not None
    assert (raised.acr, raised.auth_time) == (ACR_TOTP, later)
    assert await store.step_up(made.id, uuid4(), proof, later) is None
    await store.end(AuditEntry(owner(account_id), Action.SESSION_REVOKED, account_id), later)
    assert await store.step_up(made.id, account_id, proof, later) is None


async def test_of_too_many_sessions_the_one_that_was_not_used_for_longest_ends(
    engine: AsyncEngine, account_id: UUID
) -> None:
    few = PostgresSessions(engine, replace(LIVES, most=3), secrets.token_bytes)
    tokens = [(await opened(few, account_id, created_at=NOW + timedelta(minutes=minute),
                            last_used_at=NOW + timedelta(minutes=minute)))[1] for minute in range(4)]  # fmt: skip
    later = NOW + timedelta(hours=1)

    assert await few.refresh(tokens[0], later) is Ended.REVOKED
    assert [isinstance(await few.refresh(token, later), Refreshed) for token in tokens[1:]] == [True] * 3
    assert len(await few.living(account_id, later)) == 3


async def test_many_sessions_by_password_alone_end_none_that_a_second_factor_opened(
    engine: AsyncEngine, account_id: UUID
) -> None:
    few = PostgresSessions(engine, replace(LIVES, most=3), secrets.token_bytes)
    _, strong = await opened(few, account_id)
    for minute in range(1, 5):
        at = NOW + timedelta(minutes=minute)
        await opened(few, account_id, acr=ACR_PASSWORD, created_at=at, last_used_at=at)

    assert isinstance(await few.refresh(strong, NOW + timedelta(hours=1)), Refreshed)


async def test_a_session_is_not_opened_by_what_was_proved_in_another_epoch(
    store: PostgresSessions, account_id: UUID
) -> None:
    await opened(store, account_id)
    await store.end(AuditEntry(owner(account_id), Action.SESSION_REVOKED, account_id), NOW)

    assert await store.open(session(account_id), 0) is None
    assert await store.open(session(account_id), 1) is not None


async def test_a_backlog_is_told_oldest_first_and_a_part_at_a_time(store: PostgresSessions, account_id: UUID) -> None:
    made = [(await opened(store, account_id))[0].id for _ in range(3)]
    for number, each in enumerate(made):
        entry = AuditEntry(owner(account_id), Action.SESSION_REVOKED, account_id)
        await store.end(entry, NOW + timedelta(days=1, seconds=number), each)

    since = NOW + timedelta(hours=23)
    assert [each for each, _ in await store.revoked_since(since, unannounced=True, most=2)] == made[:2]
