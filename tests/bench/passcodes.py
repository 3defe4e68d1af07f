"""Challenges with codes that we know, put into the system's Redis past Kafka and mail, as the OTP service does it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from deploy.local.system import LocalSystem
from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.domain.challenge import ChallengeRef
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import PasscodeBook
from services.otp.settings import LimitSettings
from shared.keyring import Keyring
from shared.redis import RedisClient
from shared.redis_script import Scripts
from tests.bench.raw_http import post

CODE = 471_100
DIGITS = 6
CLIENT = "c" * 64
LIFE = timedelta(hours=1)  # none may expire while the bench runs
AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Challenge:
    """All of them have the same code."""

    ref: ChallengeRef

    @property
    def path(self) -> str:
        return f"/internal/v1/accounts/{self.ref.account_id}/challenges/{self.ref.challenge_id}"

    def attempt(self, credential: str, *, right: bool) -> bytes:
        return post(f"{self.path}/verify", typed(right=right), credential)


def typed(*, right: bool) -> dict[str, str]:
    return {"code": str(CODE if right else CODE + 1), "client_hash": CLIENT}


class Issuer:
    def __init__(self, system: LocalSystem, redis: RedisClient) -> None:
        self.store = RedisChallenges(Scripts(redis).script)
        peppers, code_keys = Keyring.parse(system.keys.peppers), Keyring.parse(system.keys.code_keys)
        self.book = PasscodeBook(peppers, code_keys)
        self._limits = LimitSettings().limits

    async def issue(self, account_id: UUID | None = None, limits: Limits | None = None) -> Challenge:
        """Of an account of its own unless one is given."""
        ref = ChallengeRef(account_id or uuid4(), uuid4())
        draft = self.book.draft(ref, DIGITS, lambda _: CODE)
        await self.store.issue(ref, draft, CLIENT, datetime.now(UTC) + LIFE, limits or self._limits)
        return Challenge(ref)

    async def issue_many(self, count: int) -> list[Challenge]:
        async def one_after_the_other(turns: Iterator[int]) -> list[Challenge]:
            return [await self.issue() for _ in turns]

        turns = iter(range(count))
        made = await asyncio.gather(*(one_after_the_other(turns) for _ in range(AT_ONCE)))
        return [challenge for some in made for challenge in some]
