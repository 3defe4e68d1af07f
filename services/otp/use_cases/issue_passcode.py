"""A login was challenged: give the challenge its one code, and have it mailed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.otp.domain.challenge import ChallengeRef
from services.otp.domain.passcode import Draft, PasscodeBook, RandomBelow
from shared.events import LoginChallenged, PasscodeIssued
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Issued:
    """The code that a challenge has, from this call or from an earlier one."""

    message_id: UUID
    ciphertext: bytes


class IssuingStore(Protocol):
    async def issue(
        self, challenge: ChallengeRef, draft: Draft, client_hash: str, expires_at: datetime
    ) -> Issued | None:
        """Keep the draft unless the challenge has a code. None: it is over, nothing is to be sent."""


@dataclass(frozen=True, slots=True)
class Randomness:
    """`below(n)` is a CSPRNG's integer under n; `new_id` a random UUID."""

    below: RandomBelow
    new_id: Callable[[], UUID]


class IssuePasscode:
    """The same event twice gives the same code and the same message id: the first draft wins in the store."""

    def __init__(
        self,
        store: IssuingStore,
        book: PasscodeBook,
        sealer: Sealer,
        publish: Callable[[PasscodeIssued], Awaitable[None]],
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._book = book
        self._sealer = sealer
        self._publish = publish
        self._randomness = randomness

    async def __call__(self, challenged: LoginChallenged) -> None:
        challenge = ChallengeRef(challenged.account_id, challenged.challenge_id)
        draft = self._book.draft(challenge, self._randomness.new_id(), self._randomness.below)
        issued = await self._store.issue(challenge, draft, challenged.client_hash, challenged.expires_at)
        if issued is not None:
            await self._publish(self._event(challenged, challenge, issued))

    def _event(self, challenged: LoginChallenged, challenge: ChallengeRef, issued: Issued) -> PasscodeIssued:
        code = self._book.reveal(challenge, issued.ciphertext)
        return PasscodeIssued(
            challenge_id=challenged.challenge_id,
            message_id=issued.message_id,
            account_id=challenged.account_id,
            code=self._sealer.seal(code, f"code:{challenged.challenge_id}"),
            address=challenged.address,
            locale=challenged.locale,
            region=challenged.region,
            purpose=challenged.purpose,
            expires_at=challenged.expires_at,
        )
