"""Somebody typed a code: judge it once, atomically."""

from collections.abc import Callable, Sequence
from typing import Protocol

from services.otp.domain.challenge import ChallengeRef, Judgement, Verdict
from services.otp.domain.guess_limits import GuessLimits
from services.otp.domain.passcode import PasscodeBook


class JudgingStore(Protocol):
    async def judge(
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], limits: GuessLimits
    ) -> Judgement:
        """Expiry → budgets → count → compare → consume, in one step that nothing can come between."""


class VerifyPasscode:
    def __init__(
        self, store: JudgingStore, book: PasscodeBook, limits: GuessLimits, count: Callable[[Verdict], None]
    ) -> None:
        """`count` is told of every verdict and returns at once."""
        self._store = store
        self._book = book
        self._limits = limits
        self._count = count

    async def __call__(self, challenge: ChallengeRef, client_hash: str, typed: str) -> Judgement:
        macs = list(self._book.macs(challenge, typed))
        judgement = await self._store.judge(challenge, client_hash, macs, self._limits)
        self._count(judgement.verdict)
        return judgement
