"""Who waits for whom in PostgreSQL: nobody for what the other needs, and no crowd with the connections of all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_accounts import PostgresAccounts, locked_account
from services.auth.adapters.postgres_admin import PostgresAdmin
from services.auth.adapters.tables import factor_guesses, recovery_codes, totp_factors
from services.auth.use_cases.administer_account import Measure, Order
from services.auth.use_cases.enrol_totp import TotpConfirmed
from services.auth.use_cases.verify_challenge import TooManyAttempts, Wrong
from shared.postgres import postgres_engine, transaction
from tests.clock import Clock
from tests.contracts.auth.database import rows
from tests.contracts.auth.test_factors import OTHERS, SPARE, Person, factors
from tests.fakes import NOW
from tests.wait_until import wait_until

POOL_SIZE = 10
PROMPTLY_S = 1
NEW_SECRET = b"\x08" * 20
NEXT_STEP = timedelta(seconds=30)

_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def service(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """What a service has: `engine` is somebody else's."""
    made = postgres_engine(postgres_url, POOL_SIZE, autocommit=True)
    yield made
    await made.dispose()


@pytest.fixture
async def kim(engine: AsyncEngine, service: AsyncEngine, account_id: UUID) -> Person:
    """With an app, another one on offer, and recovery codes."""
    clock = Clock(NOW)
    person = Person(service, account_id, clock, factors(service, clock))
    await person.enrol()
    await person.factors.totp.offer(account_id, NEW_SECRET)
    return person


async def waiting(engine: AsyncEngine) -> int:
    """How many connections wait for a lock."""
    ((count,),) = await rows(engine, _WAITING)
    return int(count)


async def waits(engine: AsyncEngine) -> bool:
    return await waiting(engine) > 0


@asynccontextmanager
async def turn_of_another_process(engine: AsyncEngine, account_id: UUID) -> AsyncIterator[None]:
    async with transaction(engine) as connection:
        mine = sa.select(factor_guesses).where(factor_guesses.c.account_id == account_id)
        await connection.execute(mine.with_for_update())
        yield


async def test_who_guesses_at_one_account_from_everywhere_holds_one_connection(
    service: AsyncEngine, kim: Person
) -> None:
    held: set[object] = set()
    most = 0

    def checked_out(_: object, record: object, __: object) -> None:
        nonlocal most
        held.add(record)
        most = max(most, len(held))

    async def guess() -> list[object]:
        return [await kim.type_totp(kim.wrong()) for _ in range(5)]

    sa.event.listen(service.sync_engine, "checkout", checked_out)
    sa.event.listen(service.sync_engine, "checkin", lambda _, record: held.discard(record))
    answers = [answer for some in await asyncio.gather(*(guess() for _ in range(20))) for answer in some]

    assert Counter(type(answer) for answer in answers) == {Wrong: 10, TooManyAttempts: 90}
    assert most == 1


@pytest.mark.parametrize(
    "verb",
    [
        lambda kim: kim.type_totp(kim.wrong()),
        lambda kim: kim.factors.totp.confirm(kim.account_id, kim.wrong(), OTHERS),
        lambda kim: kim.factors.recovery_codes.replace(kim.account_id, OTHERS),
    ],
    ids=["verify", "confirm", "replace"],
)
async def test_a_crowd_that_waits_for_its_turn_leaves_others_their_connections(
    engine: AsyncEngine, service: AsyncEngine, kim: Person, verb: Callable[[Person], Awaitable[object]]
) -> None:
    await kim.factors.recovery_codes.replace(kim.account_id, SPARE)
    async with turn_of_another_process(engine, kim.account_id):
        crowd = [asyncio.ensure_future(verb(kim)) for _ in range(100)]
        await wait_until(lambda: waits(engine))
        async with asyncio.timeout(PROMPTLY_S):
            assert await PostgresAccounts(service).epoch_of(kim.account_id) is not None
    answers = await asyncio.gather(*crowd)

    assert sum(isinstance(answer, Wrong) for answer in answers) == (0 if answers[0] is None else 10)


async def test_a_secret_offered_during_a_confirmation_is_not_the_one_confirmed(
    engine: AsyncEngine, kim: Person
) -> None:
    unproved = b"\x09" * 20
    async with transaction(engine) as connection:  # holds the confirmation up once it has judged the code
        old = sa.select(totp_factors).where(
            totp_factors.c.account_id == kim.account_id, totp_factors.c.state == "confirmed"
        )
        await connection.execute(old.with_for_update())
        confirming = asyncio.create_task(kim.factors.totp.confirm(kim.account_id, kim.code(NEW_SECRET), OTHERS))
        await wait_until(lambda: waits(engine))
        offering = asyncio.create_task(kim.factors.totp.offer(kim.account_id, unproved))
        await wait_until(lambda: both_wait_or_it_is_done(engine, offering))
    assert isinstance(await confirming, TotpConfirmed)
    await offering
    kim.clock.now += NEXT_STEP

    assert isinstance(await kim.type_totp(kim.code(unproved)), Wrong)
    assert await kim.type_totp(kim.code(NEW_SECRET)) is None
    assert isinstance(await kim.factors.totp.confirm(kim.account_id, kim.code(unproved), OTHERS), TotpConfirmed)


async def both_wait_or_it_is_done(engine: AsyncEngine, task: "asyncio.Task[None]") -> bool:
    return task.done() or await waiting(engine) == 2


async def test_an_operator_who_resets_factors_and_an_owner_who_makes_codes_both_end(
    engine: AsyncEngine, service: AsyncEngine, kim: Person
) -> None:
    order = Order(kim.account_id, Measure.RESET_FACTORS, "lee", "ticket 4711", NOW)
    async with transaction(engine) as connection:  # what PostgresRecoveryCodes.replace does, with the operator between
        await connection.execute(recovery_codes.delete().where(recovery_codes.c.account_id == kim.account_id))
        resetting = asyncio.create_task(PostgresAdmin(service).carry_out(order))
        await wait_until(lambda: waits(engine))
        await connection.execute(recovery_codes.insert().values(account_id=kim.account_id, code_hash=b"new"))

    assert await resetting == ()


async def test_rows_that_refer_to_a_locked_account_are_added(
    engine: AsyncEngine, service: AsyncEngine, kim: Person
) -> None:
    async with transaction(engine) as connection:
        assert await locked_account(connection, kim.account_id) is not None
        async with asyncio.timeout(PROMPTLY_S):
            await kim.factors.recovery_codes.replace(kim.account_id, OTHERS)
