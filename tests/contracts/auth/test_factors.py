"""TOTP and recovery codes in PostgreSQL: what is right, what is used up, and how many wrong codes are looked at."""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_devices import PostgresDevices
from services.auth.adapters.postgres_factors import PostgresFactors
from services.auth.adapters.tables import factor_guesses, recovery_codes, spent_challenges, totp_factors
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import DeviceStanding
from services.auth.domain.device import Device
from services.auth.domain.factor import Method
from services.auth.domain.guess_budget import DAY, MONTH, GuessBudget
from services.auth.domain.totp import base32
from services.auth.use_cases.enrol_totp import NothingToConfirm, TotpConfirmed
from services.auth.use_cases.verify_challenge import Closed, Refusal, TooManyAttempts, Wrong
from shared.keyring import Keyring
from shared.postgres import postgres_engine, transaction
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.contracts.auth.database import audited, new_account, rows
from tests.fakes import NOW
from tests.unit.auth.samples import challenge, signing_ring
from tests.unit.auth.totp_app import code_at, wrong_code
from tests.wait_until import wait_until

RING = signing_ring("store-1")
BUDGETS = dict.fromkeys((Method.TOTP, Method.RECOVERY_CODE), GuessBudget(per_day=10, per_month=30))
SECRET = b"\x07" * 20
SPARE = tuple(f"0000-0000-0000-000{symbol}" for symbol in "0123456789")
OTHERS = tuple(f"1111-1111-1111-111{symbol}" for symbol in "0123456789")
NO_CODE = "ZZZZ-ZZZZ-ZZZZ-ZZZZ"


@dataclass
class Person:
    """An account and what its owner, or somebody with its password, does."""

    engine: AsyncEngine
    account_id: UUID
    clock: Clock
    factors: PostgresFactors

    def challenge(self, **changes: Any) -> Challenge:
        methods = (Method.TOTP, Method.RECOVERY_CODE)
        life = {"issued_at": self.clock.now, "expires_at": self.clock.now + timedelta(minutes=10)}
        return challenge(id=uuid4(), account_id=self.account_id, methods=methods, **{**life, **changes})

    async def type_totp(self, code: str, at: Challenge | None = None) -> Refusal | None:
        return await self.factors.judges[Method.TOTP].judge(at or self.challenge(), code)

    async def type_recovery(self, code: str, at: Challenge | None = None) -> Refusal | None:
        return await self.factors.judges[Method.RECOVERY_CODE].judge(at or self.challenge(), code)

    def code(self, secret: bytes = SECRET, steps_off: int = 0) -> str:
        return code_at(base32(secret), self.clock.now, steps_off)

    def wrong(self) -> str:
        return wrong_code(base32(SECRET), self.clock.now)

    async def enrol(self, secret: bytes = SECRET) -> TotpConfirmed:
        await self.factors.totp.offer(self.account_id, secret)
        confirmed = await self.factors.totp.confirm(self.account_id, self.code(secret), SPARE)
        assert isinstance(confirmed, TotpConfirmed)
        self.clock.advance(timedelta(seconds=30))  # the step of that code is used
        return confirmed


def factors(engine: AsyncEngine, clock: Clock, ring: Keyring = RING) -> PostgresFactors:
    return PostgresFactors(engine, ring, BUDGETS, clock)


@pytest.fixture
async def kim(engine: AsyncEngine, account_id: UUID) -> Person:
    clock = Clock(NOW)
    return Person(engine, account_id, clock, factors(engine, clock))


async def test_a_confirmed_app_answers_a_challenge(kim: Person) -> None:
    await kim.enrol()

    assert await kim.type_totp(kim.code()) is None


async def test_a_code_is_accepted_once_and_an_earlier_one_not_after_it(kim: Person) -> None:
    await kim.enrol()
    kim.clock.advance(timedelta(minutes=2))

    assert await kim.type_totp(kim.code()) is None
    assert isinstance(await kim.type_totp(kim.code()), Wrong)
    assert isinstance(await kim.type_totp(kim.code(steps_off=-1)), Wrong)
    assert await kim.type_totp(kim.code(steps_off=1)) is None


async def test_the_code_that_confirmed_does_not_sign_in_too(kim: Person) -> None:
    await kim.factors.totp.offer(kim.account_id, SECRET)
    code = kim.code()
    await kim.factors.totp.confirm(kim.account_id, code, SPARE)

    assert isinstance(await kim.type_totp(code), Wrong)


async def test_a_secret_that_is_only_offered_signs_nobody_in(kim: Person) -> None:
    await kim.factors.totp.offer(kim.account_id, SECRET)

    assert isinstance(await kim.type_totp(kim.code()), Wrong)
    assert not (await kim.factors.of(kim.account_id)).totp


async def test_the_old_app_serves_until_the_new_one_is_confirmed(kim: Person) -> None:
    new = b"\x08" * 20
    await kim.enrol()
    await kim.factors.totp.offer(kim.account_id, b"\x09" * 20)
    await kim.factors.totp.offer(kim.account_id, new)

    assert await kim.type_totp(kim.code()) is None
    assert isinstance(await kim.factors.totp.confirm(kim.account_id, kim.code(b"\x09" * 20), OTHERS), Wrong)
    assert await kim.factors.totp.confirm(kim.account_id, kim.code(new), OTHERS) == TotpConfirmed(())
    kim.clock.advance(timedelta(seconds=30))
    assert isinstance(await kim.type_totp(kim.code()), Wrong)
    assert await kim.type_totp(kim.code(new)) is None


async def test_there_is_nothing_to_confirm_without_an_offer_nor_twice(kim: Person) -> None:
    assert isinstance(await kim.factors.totp.confirm(kim.account_id, "000000", SPARE), NothingToConfirm)
    await kim.enrol()
    assert isinstance(await kim.factors.totp.confirm(kim.account_id, kim.code(), SPARE), NothingToConfirm)


async def test_enrolling_gives_recovery_codes_to_who_has_none_left(kim: Person) -> None:
    assert (await kim.enrol()).recovery_codes == SPARE
    assert (await kim.enrol(b"\x08" * 20)).recovery_codes == ()
    assert await kim.type_recovery(SPARE[0]) is None
    for code in SPARE[1:]:
        await kim.type_recovery(code)

    assert (await kim.enrol(b"\x09" * 20)).recovery_codes == SPARE


async def test_what_the_owner_does_is_audited_with_it(engine: AsyncEngine, kim: Person) -> None:
    await kim.factors.totp.remove(kim.account_id)  # nothing: not audited
    await kim.enrol()
    await kim.type_recovery(SPARE[3])
    await kim.factors.recovery_codes.replace(kim.account_id, OTHERS)
    await kim.factors.totp.remove(kim.account_id)
    owner = f"account:{kim.account_id}"

    assert await audited(engine, kim.account_id) == [
        (owner, "totp-enrolled", {}),
        (owner, "recovery-codes-made", {}),
        (owner, "recovery-code-used", {"left": 9}),
        (owner, "recovery-codes-made", {}),
        (owner, "totp-removed", {}),
    ]


async def test_after_its_removal_the_app_is_none_and_a_new_one_starts_afresh(kim: Person) -> None:
    await kim.enrol()
    await kim.factors.totp.offer(kim.account_id, b"\x08" * 20)
    await kim.factors.totp.remove(kim.account_id)

    assert isinstance(await kim.type_totp(kim.code()), Wrong)
    assert isinstance(await kim.factors.totp.confirm(kim.account_id, kim.code(b"\x08" * 20), SPARE), NothingToConfirm)


async def test_a_recovery_code_is_good_once_however_it_is_typed(kim: Person) -> None:
    await kim.factors.recovery_codes.replace(kim.account_id, SPARE)

    assert await kim.type_recovery("ooooooooooooool7".replace("l", "0")) is None
    assert isinstance(await kim.type_recovery(SPARE[7]), Wrong)
    assert (await kim.factors.of(kim.account_id)).recovery_codes_left == 9


async def test_new_recovery_codes_void_the_old_ones(kim: Person) -> None:
    await kim.factors.recovery_codes.replace(kim.account_id, SPARE)
    await kim.factors.recovery_codes.replace(kim.account_id, OTHERS)

    assert isinstance(await kim.type_recovery(SPARE[0]), Wrong)
    assert await kim.type_recovery(OTHERS[0]) is None


async def test_of_two_that_replace_them_at_once_one_leaves_ten(kim: Person) -> None:
    await asyncio.gather(
        *(kim.factors.recovery_codes.replace(kim.account_id, codes) for codes in (SPARE, OTHERS) for _ in range(5))
    )

    assert (await kim.factors.of(kim.account_id)).recovery_codes_left == 10


async def test_the_codes_of_another_account_are_worth_nothing(engine: AsyncEngine, kim: Person) -> None:
    eve = Person(engine, await new_account(engine), kim.clock, kim.factors)
    await kim.enrol()

    assert isinstance(await eve.type_recovery(SPARE[0]), Wrong)
    assert isinstance(await eve.type_totp(kim.code()), Wrong)


async def test_of_50_right_codes_at_once_for_one_challenge_one_is_accepted(kim: Person) -> None:
    await kim.enrol()
    one = kim.challenge()
    answers = await asyncio.gather(*(kim.type_totp(kim.code(), one) for _ in range(50)))

    assert Counter(answers) == {None: 1, Closed.USED: 49}
    assert (await kim.type_totp(kim.wrong())) == Wrong(9)  # those 49 were not counted


async def test_of_right_codes_at_once_for_many_challenges_one_is_accepted(kim: Person) -> None:
    await kim.enrol()
    by_app = await asyncio.gather(*(kim.type_totp(kim.code()) for _ in range(8)))
    by_code = await asyncio.gather(*(kim.type_recovery(SPARE[0]) for _ in range(8)))

    assert by_app.count(None) == by_code.count(None) == 1


async def test_of_two_factors_at_once_one_spends_the_challenge_and_the_other_keeps_its_code(
    engine: AsyncEngine, kim: Person
) -> None:
    await kim.enrol()
    one = kim.challenge()

    async def waits() -> bool:
        (count,) = await rows(engine, sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return bool(count[0] >= 2)

    async with transaction(engine) as connection:
        await connection.execute(spent_challenges.insert().values(challenge_id=one.id, expires_at=one.expires_at))
        typing = [asyncio.create_task(kim.type_totp(kim.code(), one))]
        typing.append(asyncio.create_task(kim.type_recovery(SPARE[0], one)))
        await wait_until(waits)
    answers = await asyncio.gather(*typing)

    assert answers == [Closed.USED, Closed.USED]
    assert (await kim.factors.of(kim.account_id)).recovery_codes_left == 10
    assert "recovery-code-used" not in [action for _, action, _ in await audited(engine, kim.account_id)]
    assert await kim.type_totp(kim.code()) is None


async def test_a_spent_challenge_takes_no_further_code_and_counts_none(engine: AsyncEngine, kim: Person) -> None:
    await kim.enrol()
    one = kim.challenge()
    await kim.type_totp(kim.code(), one)

    assert [await kim.type_totp(kim.wrong(), one) for _ in range(20)] == [Closed.USED] * 20
    assert await kim.type_recovery(SPARE[0], one) is Closed.USED
    assert await kim.type_recovery(SPARE[0]) is None
    (kept,) = await rows(engine, sa.select(spent_challenges).where(spent_challenges.c.challenge_id == one.id))
    assert kept.expires_at == one.expires_at


@pytest.mark.parametrize("method", [Method.TOTP, Method.RECOVERY_CODE])
async def test_of_100_wrong_codes_at_once_10_are_looked_at(kim: Person, method: Method) -> None:
    await kim.enrol()
    wrong, right = (kim.wrong(), kim.code()) if method is Method.TOTP else (NO_CODE, SPARE[0])
    judge = kim.factors.judges[method].judge
    answers = await asyncio.gather(*(judge(kim.challenge(), wrong) for _ in range(100)))

    assert sorted(answer.attempts_remaining for answer in answers if isinstance(answer, Wrong)) == list(range(10))
    assert Counter(answers)[TooManyAttempts(kim.clock.now + DAY)] == 90
    assert await judge(kim.challenge(), right) == TooManyAttempts(kim.clock.now + DAY)


async def test_the_budgets_of_two_factors_and_of_two_accounts_are_apart(engine: AsyncEngine, kim: Person) -> None:
    await kim.enrol()
    eve = Person(engine, await new_account(engine), kim.clock, kim.factors)
    for _ in range(11):
        await kim.type_totp(kim.wrong())

    assert await kim.type_recovery(SPARE[0]) is None
    assert await eve.type_totp(kim.wrong()) == Wrong(9)


async def test_a_success_gives_no_guess_back(kim: Person) -> None:
    await kim.enrol()
    for left in (9, 8, 7):
        assert await kim.type_totp(kim.wrong()) == Wrong(left)
    assert await kim.type_totp(kim.code()) is None

    assert await kim.type_totp(kim.wrong()) == Wrong(6)


async def test_a_guess_comes_back_as_the_wrong_code_is_a_day_old_and_not_before(kim: Person) -> None:
    await kim.enrol()
    for _ in range(10):
        await kim.type_totp(kim.wrong())
        kim.clock.advance(timedelta(minutes=1))
    kim.clock.now += DAY - timedelta(minutes=10, microseconds=1)
    refused = await kim.type_totp(kim.code())

    assert refused == TooManyAttempts(kim.clock.now + timedelta(microseconds=1))
    kim.clock.advance(timedelta(microseconds=1))
    assert await kim.type_totp(kim.wrong()) == Wrong(0)
    assert isinstance(await kim.type_totp(kim.code()), TooManyAttempts)


async def test_patience_is_no_way_around_the_30_days(engine: AsyncEngine, kim: Person) -> None:
    await kim.enrol()
    first, looked_at = kim.clock.now, 0
    for _ in range(5):
        looked_at += [isinstance(await kim.type_totp(kim.wrong()), Wrong) for _ in range(12)].count(True)
        kim.clock.advance(DAY)

    assert looked_at == 30
    assert await kim.type_totp(kim.code()) == TooManyAttempts(first + MONTH)
    kim.clock.now = first + MONTH
    assert await kim.type_totp(kim.wrong()) == Wrong(9)
    (kept,) = await rows(
        engine,
        sa.select(factor_guesses).where(
            factor_guesses.c.account_id == kim.account_id, factor_guesses.c.method == "totp"
        ),
    )
    assert len(kept.wrong_at) == 21  # what is older is forgotten


async def test_guesses_at_a_confirmation_are_out_of_the_same_budget(kim: Person) -> None:
    await kim.enrol()
    await kim.factors.totp.offer(kim.account_id, b"\x08" * 20)
    codes = [kim.code(), *[kim.wrong()] * 99]  # the old app's code is no confirmation either
    answers = await asyncio.gather(*(kim.factors.totp.confirm(kim.account_id, code, SPARE) for code in codes))

    assert sum(isinstance(answer, Wrong) for answer in answers) == 10
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 90
    assert isinstance(await kim.type_totp(kim.code()), TooManyAttempts)
    assert isinstance(await kim.factors.totp.confirm(kim.account_id, kim.code(b"\x08" * 20), SPARE), TooManyAttempts)


async def test_what_lies_in_the_database_opens_nothing(engine: AsyncEngine, kim: Person) -> None:
    await kim.enrol()
    (factor,) = await rows(engine, sa.select(totp_factors).where(totp_factors.c.account_id == kim.account_id))
    codes = await rows(engine, sa.select(recovery_codes).where(recovery_codes.c.account_id == kim.account_id))

    assert SECRET not in factor.secret
    assert factor.secret.startswith(b"store-1.")
    assert len({row.code_hash for row in codes}) == 10
    assert {len(row.code_hash) for row in codes} == {32}


async def test_a_secret_that_was_moved_to_another_account_is_of_no_use(engine: AsyncEngine, kim: Person) -> None:
    await kim.enrol()
    eve = Person(engine, await new_account(engine), kim.clock, kim.factors)
    async with engine.connect() as connection:
        await connection.execute(
            totp_factors.update().where(totp_factors.c.account_id == kim.account_id).values(account_id=eve.account_id)
        )

    with pytest.raises(DependencyUnavailable) as caught:
        await eve.type_totp(kim.code())
    assert caught.value.dependency == "storage-keys"


async def test_a_new_key_in_front_reads_what_the_old_one_wrote_and_without_the_old_one_nobody_gets_in(
    engine: AsyncEngine, kim: Person
) -> None:
    await kim.enrol()
    kim.factors = factors(engine, kim.clock, signing_ring("store-2", "store-1"))
    assert await kim.type_totp(kim.code()) is None
    assert await kim.type_recovery(SPARE[0]) is None
    kim.clock.advance(timedelta(seconds=30))
    kim.factors = factors(engine, kim.clock, signing_ring("store-2"))

    with pytest.raises(DependencyUnavailable):
        await kim.type_totp(kim.code())
    assert isinstance(await kim.type_recovery(SPARE[1]), Wrong)


async def test_what_is_shown_of_an_account_is_its_own(kim: Person) -> None:
    await kim.enrol()
    await kim.type_recovery(SPARE[0])
    found = await kim.factors.of(kim.account_id)

    assert (found.totp, found.recovery_codes_left, found.email) == (True, 9, "kim@customer.example")
    assert found.username == f"kim-{kim.account_id}"
    assert "customer" not in repr(found)


async def test_while_postgresql_is_away_no_code_is_right_and_nothing_is_changed() -> None:
    engine = postgres_engine("postgresql://nobody@127.0.0.1:1/none", autocommit=True)
    kim = Person(engine, uuid4(), Clock(NOW), factors(engine, Clock(NOW)))
    for verb in (
        kim.type_totp("123456"),
        kim.type_recovery(SPARE[0]),
        kim.factors.totp.offer(kim.account_id, SECRET),
        kim.factors.totp.confirm(kim.account_id, "123456", SPARE),
        kim.factors.totp.remove(kim.account_id),
        kim.factors.recovery_codes.replace(kim.account_id, SPARE),
        kim.factors.of(kim.account_id),
    ):
        with pytest.raises(DependencyUnavailable) as caught:
            await verb
        assert caught.value.dependency == "postgres"
    await engine.dispose()


async def test_an_app_ends_the_devices_that_a_mail_was_enough_for(kim: Person) -> None:
    devices = PostgresDevices(kim.engine, timedelta(seconds=30), secrets.token_bytes)
    device = Device(uuid4(), "Editor 4.1", NOW, NOW, NOW + timedelta(days=30))
    token = await devices.trust(kim.account_id, device, 0)
    assert token is not None
    await kim.enrol()

    assert (await devices.use(token, kim.account_id, NOW))[0] is DeviceStanding.REVOKED
    assert await devices.trust(kim.account_id, replace(device, id=uuid4()), 0) is None  # by a mail from before


async def test_whoever_has_no_guesses_left_waits_for_no_lock_and_holds_no_connection(kim: Person) -> None:
    await kim.enrol()
    answers = await asyncio.gather(*(kim.type_totp(kim.wrong()) for _ in range(30)))
    assert sum(isinstance(answer, Wrong) for answer in answers) == 10
    async with transaction(kim.engine) as connection:  # somebody has the turn
        mine = sa.select(factor_guesses).where(factor_guesses.c.account_id == kim.account_id)
        await connection.execute(mine.with_for_update())
        async with asyncio.timeout(1):
            assert isinstance(await kim.type_totp("000000"), TooManyAttempts)
