"""The store of challenges on a clock that the test moves: the model, or the scripts on a real Valkey."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis

from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.adapters.redis_keys import slot_of
from services.otp.domain.challenge import ChallengeRef, Ended, Judgement, Status
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import PasscodeBook
from services.otp.use_cases.issue_passcode import Issued, Refused
from services.otp.use_cases.resend_passcode import Resent
from shared.epoch import epoch_ms
from shared.redis_script import Scripts
from tests.challenge_model import FakeChallenges
from tests.contracts.otp.test_challenges import BOOK, CLIENT, RIGHT, WRONG, soon

CLOCK = "test:clock"
CLOCK_LUA = f"local function now_ms() return tonumber(redis.call('GET', '{CLOCK}')) end\n"
LIFE = timedelta(minutes=10)


class Timeline:
    """One account, and its challenges."""

    def __init__(self, redis: Redis | None, limits: Limits, book: PasscodeBook = BOOK) -> None:
        self.now = soon(0)
        self.account_id = uuid4()
        self.limits = limits
        self._book = book
        self._redis = redis
        if redis is None:
            self.store: Any = FakeChallenges(lambda: self.now)
            self.ends: Any = self.store
        else:
            script = Scripts(redis).script
            self.store = RedisChallenges(script, clock=CLOCK_LUA)
            self.ends = RedisEnds(script, script, [slot_of(self.account_id)], CLOCK_LUA)

    async def passes(self, span: timedelta = timedelta(0)) -> None:
        self.now += span
        if self._redis is not None:
            await self._redis.set(CLOCK, epoch_ms(self.now))
            keys: Any = await self._redis.keys("*")
            for key in keys:
                if 0 < await self._redis.pexpiretime(key) <= epoch_ms(self.now):
                    await self._redis.delete(key)

    async def challenged(self, life: timedelta = LIFE) -> tuple[ChallengeRef, Issued | Refused | None]:
        challenge = ChallengeRef(self.account_id, uuid4())
        return challenge, await self.issue(challenge, self.now + life)

    async def issue(self, challenge: ChallengeRef, expires_at: datetime) -> Issued | Refused | None:
        draft = self._book.draft(challenge, 6, lambda _: int(RIGHT))
        issued: Issued | Refused | None = await self.store.issue(challenge, draft, CLIENT, expires_at, self.limits)
        return issued

    async def open(self, life: timedelta = LIFE) -> ChallengeRef:
        challenge, issued = await self.challenged(life)
        assert isinstance(issued, Issued)
        return challenge

    async def judge(self, challenge: ChallengeRef, code: str = RIGHT) -> Judgement:
        judged: Judgement = await self.store.judge(
            challenge, CLIENT, list(self._book.macs(challenge, code)), self.limits
        )
        return judged

    async def wrong(self, challenge: ChallengeRef) -> Judgement:
        return await self.judge(challenge, WRONG)

    async def resend(self, challenge: ChallengeRef) -> Resent:
        resent: Resent = await self.store.resend(challenge, CLIENT, self.limits)
        return resent

    async def status(self, challenge: ChallengeRef) -> Status:
        status: Status | None = await self.store.status(challenge, self.limits)
        assert status is not None
        return status

    async def overdue(self) -> list[Ended]:
        return [ended async for some in self.ends.overdue() for ended in some]

    async def unlock(self, account_id: UUID | None = None) -> None:
        await self.store.unlock(account_id or self.account_id)
