"""A login was challenged: give the challenge its one code, and have it mailed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from services.otp.domain.challenge import ChallengeRef, Refusal
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import Draft, PasscodeBook, RandomBelow
from services.otp.use_cases.announce_passcode import AnnouncePasscode, Recipient
from shared.events import LoginChallenged
from shared.telemetry import meter

FIRST_MAIL: Final = 0

_log = structlog.get_logger()
_refused: Final = meter.create_counter("gatepost.otp.refused", description="challenges that got no code, by reason")


@dataclass(frozen=True, slots=True)
class Issued:
    """The code that a challenge has, from this call or from an earlier one."""

    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A cap of the account: it gets no code before `retry_at`; None: not by waiting."""

    reason: Refusal
    retry_at: datetime | None


class IssuingStore(Protocol):
    async def issue(
        self, challenge: ChallengeRef, draft: Draft, client_hash: str, expires_at: datetime, limits: Limits
    ) -> Issued | Refused | None:
        """Keep the draft unless the challenge has a code. None: nothing is to be sent, for it is over, or would not be
        within a day."""


@dataclass(frozen=True, slots=True)
class Minting:
    """`below(n)` is a CSPRNG's integer under n; `digits`, how many a new code has."""

    below: RandomBelow
    digits: Callable[[], int]


class IssuePasscode:
    """The same event twice gives the same code and the same message id: the first draft wins in the store."""

    def __init__(
        self,
        store: IssuingStore,
        book: PasscodeBook,
        announce: AnnouncePasscode,
        minting: Minting,
        limits: Limits,
    ) -> None:
        self._store = store
        self._book = book
        self._announce = announce
        self._minting = minting
        self._limits = limits

    async def __call__(self, challenged: LoginChallenged) -> None:
        challenge = ChallengeRef(challenged.account_id, challenged.challenge_id)
        draft = self._book.draft(challenge, self._minting.digits(), self._minting.below)
        client, expires_at = challenged.client_hash, challenged.expires_at
        issued = await self._store.issue(challenge, draft, client, expires_at, self._limits)
        if isinstance(issued, Refused):
            _refused.add(1, {"reason": issued.reason})
            _log.warning("passcode_refused", challenge_id=str(challenge.challenge_id), reason=issued.reason)
        elif issued is None:
            _log.info("challenge_over", challenge_id=str(challenge.challenge_id))  # which a duplicate may be as well
        else:
            to = Recipient(challenged.address, challenged.locale, challenged.region, challenged.purpose)
            await self._announce(challenge, FIRST_MAIL, to, issued.ciphertext, expires_at)
