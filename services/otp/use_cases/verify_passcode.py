"""Somebody typed a code: judge it once, atomically."""

from collections.abc import Callable, Sequence
from typing import Protocol

from services.otp.domain.challenge import ChallengeRef, Ended, Judgement, Verdict
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import PasscodeBook


class JudgingStore(Protocol):
    async def judge(
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], limits: Limits
    ) -> Judgement:
        """Expiry → budgets → count → compare → consume, in one step that nothing can come between."""


class VerifyPasscode:
    """`ended` is told of a challenge that this code ended, `count` of every verdict; both return at once and may forget
    (tell_ends.py, watch_wrong_codes.py)."""

    def __init__(
        self,
        store: JudgingStore,
        book: PasscodeBook,
        limits: Limits,
        ended: Callable[[Ended], None],
        count: Callable[[Verdict], None],
    ) -> None:
        self._store = store
        self._book = book
        self._limits = limits
        self._ended = ended
        self._count = count

    async def __call__(self, challenge: ChallengeRef, client_hash: str, typed: str) -> Judgement:
        """Raises: DependencyUnavailable."""
        macs = list(self._book.macs(challenge, typed))
        judgement = await self._store.judge(challenge, client_hash, macs, self._limits)
        self._count(judgement.verdict)
        if judgement.ended is not None:
            self._ended(judgement.ended)
        return judgement
