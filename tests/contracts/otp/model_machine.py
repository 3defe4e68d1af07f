"""The scripts on a real Valkey against the same in plain Python (tests/challenge_model.py), step by step.

The clock is the test's own, in a key that the scripts read: time passes at will, and what would have expired by it is
deleted as Redis would have. The limits are small, so that a hundred steps run into each of them.
"""

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, precondition, rule
from redis.asyncio import Redis

from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.adapters.redis_keys import slot_of
from services.otp.domain.challenge import ChallengeRef, Ended, Judgement, Resend, State, Verdict
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import PasscodeBook
from services.otp.use_cases.issue_passcode import Issued
from shared.epoch import epoch_ms
from shared.redis_script import Scripts
from shared.unavailable import DependencyUnavailable
from tests.challenge_model import FakeChallenges
from tests.contracts.otp.timeline import CLOCK, CLOCK_LUA
from tests.unit.shared.samples import private_ring

LIMITS = Limits(
    wrong_per_challenge=3,
    wrong_per_day=5,
    wrong_per_30_days=8,
    failures_in_a_row=10,
    live_challenges=3,
    mails_per_day=6,
    resends=2,
)
LIFE, DAY, MONTH = timedelta(minutes=10), timedelta(days=1), timedelta(days=30)
LONGEST = timedelta(days=390)  # then failures in a row are forgotten (scripts/account.lua)
SPANS = [timedelta(milliseconds=1), *(timedelta(seconds=s) for s in (1, 29, 31, 150, 490, 599, 600, 661)), DAY / 4, DAY]
ACCOUNTS = (UUID(int=1), UUID(int=2))
CLIENTS = ("c" * 64, "d" * 64)
BEGIN = datetime(2026, 11, 24, 9, tzinfo=UTC)

Store = Callable[[Redis], RedisChallenges]


def real_store(client: Redis) -> RedisChallenges:
    return RedisChallenges(Scripts(client).script, clock=CLOCK_LUA)


class ModelMachine(RuleBasedStateMachine):
    client: ClassVar[Redis]
    runner: ClassVar[asyncio.Runner]
    store_of: ClassVar[Store] = staticmethod(real_store)
    steps: ClassVar[int] = 0

    challenges = Bundle("challenges")
    accounts = Bundle("accounts")

    def __init__(self) -> None:
        super().__init__()
        self.now = self.begin = max(BEGIN, datetime.now(UTC).replace(microsecond=0) + DAY)
        self.real = type(self).store_of(self.client)
        script, slots = Scripts(self.client).script, sorted({slot_of(each) for each in ACCOUNTS})
        self.ends = RedisEnds(script, script, slots, CLOCK_LUA)
        self.model = FakeChallenges(lambda: self.now)
        self.pepper_ids = ["p0"]
        self.numbers = count(1)
        self.code_of: dict[ChallengeRef, str] = {}
        self.expires_at: dict[ChallengeRef, datetime] = {}
        self.verdicts: dict[ChallengeRef, Counter[Verdict]] = defaultdict(Counter)
        self.looked_at: dict[UUID, list[datetime]] = defaultdict(list)
        self.mailed: dict[UUID, list[datetime]] = defaultdict(list)
        self.told: dict[UUID, Ended] = {}
        self.do(self.client.flushall())
        self.tick(timedelta(0))

    def do(self, work: Awaitable[Any]) -> Any:
        async def outcome() -> Any:
            try:
                return await work
            except DependencyUnavailable as missing:
                return missing.dependency

        return self.runner.get_loop().run_until_complete(outcome())

    def both(self, verb: str, *args: Any) -> Any:
        """Both do it; they say the same, but for their drafts."""
        type(self).steps += 1
        real, model = self.do(getattr(self.real, verb)(*args)), self.do(getattr(self.model, verb)(*args))
        assert real == model, f"{verb}: {real}, and the model {model}"
        return real

    def book(self) -> PasscodeBook:
        return PasscodeBook(private_ring(*self.pepper_ids), private_ring("c1"))

    def tick(self, span: timedelta) -> None:
        self.now += span

        async def pass_time() -> None:
            await self.client.set(CLOCK, epoch_ms(self.now))
            keys: Any = await self.client.keys("*")
            for key in keys:
                if 0 < await self.client.pexpiretime(key) <= epoch_ms(self.now):
                    await self.client.delete(key)

        self.do(pass_time())

    @initialize(target=accounts)
    def one_account(self) -> UUID:
        return ACCOUNTS[0]

    @rule(target=accounts)
    def another_account(self) -> UUID:
        return ACCOUNTS[1]

    @rule(target=challenges, account=accounts, life=st.sampled_from([LIFE, LIFE, timedelta(seconds=140)]))
    def issue(self, account: UUID, life: timedelta) -> ChallengeRef:
        challenge = ChallengeRef(account, UUID(int=next(self.numbers) << 64))
        self.expires_at[challenge] = self.now + life
        self.give_code(challenge)
        return challenge

    @rule(challenge=challenges)
    def issue_again(self, challenge: ChallengeRef) -> None:
        self.give_code(challenge)

    def give_code(self, challenge: ChallengeRef) -> None:
        code = f"{next(self.numbers):06d}"
        draft = self.book().draft(challenge, 6, lambda _: int(code))
        first = challenge not in self.code_of
        issued = self.both("issue", challenge, draft, CLIENTS[0], self.expires_at[challenge], LIMITS)
        if isinstance(issued, Issued):
            minted = self.book().reveal(challenge, issued.ciphertext)
            assert minted == self.code_of.setdefault(challenge, code), "the code of a challenge never changes"
            if first:
                self.mailed[challenge.account_id].append(self.now)

    @rule(challenge=challenges, typed=st.sampled_from(["right", "wrong", "", "1234567", "other"]), client=st.booleans())
    def verify(self, challenge: ChallengeRef, typed: str, client: bool) -> None:
        code = {"right": self.right(challenge), "wrong": "999999", "other": self.of_another(challenge)}.get(
            typed, typed
        )
        macs = list(self.book().macs(challenge, code))
        hash_ = CLIENTS[0] if client or typed == "wrong" else CLIENTS[1]
        self.keep(challenge, self.both("judge", challenge, hash_, macs, LIMITS))

    @rule(challenge=challenges, right=st.booleans(), times=st.integers(2, 6))
    def verify_at_once(self, challenge: ChallengeRef, right: bool, times: int) -> None:
        type(self).steps += 1
        macs = list(self.book().macs(challenge, self.right(challenge) if right else "999999"))
        args = (challenge, CLIENTS[0], macs, LIMITS)

        async def at_once(store: Any) -> list[Any]:
            return list(await asyncio.gather(*(store.judge(*args) for _ in range(times)), return_exceptions=True))

        real, model = self.do(at_once(self.real)), self.do(at_once(self.model))
        for judged in real:
            self.keep(challenge, judged)
        assert Counter(map(repr, real)) == Counter(map(repr, model)), f"at once: {real}, and the model {model}"

    @rule(challenge=challenges, patient=st.booleans())
    def resend(self, challenge: ChallengeRef, patient: bool) -> None:
        if patient:
            self.tick(timedelta(seconds=30))
        promised = self.both("status", challenge, LIMITS)
        resent = self.both("resend", challenge, CLIENTS[0], LIMITS)
        may = promised is not None and promised.resend_available_at
        assert (resent.result is Resend.SENT) == bool(may and may <= self.now), "a resend is as status promises"
        if resent.result is Resend.SENT:
            assert self.book().reveal(challenge, resent.ciphertext) == self.code_of[challenge]
            self.mailed[challenge.account_id].append(self.now)
        self.both("status", challenge, LIMITS)

    @rule(challenge=challenges, mail=st.integers(0, 2), rank=st.integers(1, 7), ago=st.integers(-5, 5))
    def news_of_a_mail(self, challenge: ChallengeRef, mail: int, rank: int, ago: int) -> None:
        at = self.now - timedelta(seconds=ago)
        self.both("record_delivery", challenge, mail, rank, at)
        self.both("status", challenge, LIMITS)

    @rule(challenge=challenges)
    def status(self, challenge: ChallengeRef) -> None:
        self.both("status", challenge, LIMITS)

    @rule(account=accounts)
    def unlock(self, account: UUID) -> None:
        self.both("unlock", account)

    @precondition(lambda self: self.now - self.begin < LONGEST - MONTH)
    @rule(span=st.sampled_from([*SPANS, MONTH]))
    def time_passes(self, span: timedelta) -> None:
        self.tick(span)

    @rule(dies=st.booleans())
    def ends_are_told(self, dies: bool) -> None:
        type(self).steps += 1

        async def all_of(store: Any) -> list[Ended]:
            return [ended async for some in store.overdue() for ended in some]

        real, model = self.do(all_of(self.ends)), self.do(all_of(self.model))
        assert Counter(real) == Counter(model)
        for ended in real:
            assert self.told.setdefault(ended.challenge.challenge_id, ended) == ended, "one end for each"
        if not dies:
            self.do(self.ends.forget(real))
            self.do(self.model.forget(real))

    @rule(keep_old=st.booleans())
    def pepper_rotates(self, keep_old: bool) -> None:
        self.pepper_ids = [f"p{next(self.numbers)}", *(self.pepper_ids if keep_old else [])][:3]

    @rule()
    def redis_starts_again(self) -> None:
        self.do(self.debug_reload())
        self.do(self.client.script_flush())

    async def debug_reload(self) -> None:
        client: Any = self.client
        await client.execute_command("DEBUG", "RELOAD")

    def right(self, challenge: ChallengeRef) -> str:
        return self.code_of.get(challenge, "000000")

    def of_another(self, challenge: ChallengeRef) -> str:
        return next((code for other, code in self.code_of.items() if other != challenge), "000000")

    def keep(self, challenge: ChallengeRef, judged: Any) -> None:
        """The invariants, from what was answered alone."""
        if not isinstance(judged, Judgement):
            return
        verdicts = self.verdicts[challenge]
        verdicts[judged.verdict] += 1
        if judged.verdict in (Verdict.WRONG, Verdict.VERIFIED):
            assert self.now < self.model.records[challenge].expires_at, "no code is looked at after its end"
        if judged.verdict is Verdict.WRONG:
            self.looked_at[challenge.account_id].append(self.now)
        assert verdicts[Verdict.VERIFIED] <= 1, "one success at most"
        assert verdicts[Verdict.WRONG] <= LIMITS.wrong_per_challenge
        assert self.most_within(self.looked_at, DAY) <= LIMITS.wrong_per_day
        assert self.most_within(self.looked_at, MONTH) <= LIMITS.wrong_per_30_days
        assert self.most_within(self.mailed, DAY) <= LIMITS.mails_per_day

    def most_within(self, times: dict[UUID, list[datetime]], window: timedelta) -> int:
        return max((sum(at > self.now - window for at in each) for each in times.values()), default=0)

    def teardown(self) -> None:
        if sys.exc_info()[0] is not None:  # what has failed is to be shown, and not what follows from it
            return
        open_ = [record for record in self.model.records.values() if record.state is State.OPEN]
        self.tick(LIFE + LIFE)
        self.ends_are_told(dies=False)
        assert self.do(self.real_ends()) == 0, "each end is told in the end"
        assert all(record.state is State.EXPIRED for record in open_)

    async def real_ends(self) -> int:
        return sum([await self.client.zcard(key) for key in await self.client.keys("*:ends")])
