"""What the OTP service says about a challenge."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from services.otp.domain.delivery import News


class Verdict(StrEnum):
    """The answer to one typed code. Only WRONG and VERIFIED mean that the code was looked at."""

    VERIFIED = "verified"
    WRONG = "wrong"
    LOCKED = "locked"
    ACCOUNT_LOCKED = "account-locked"  # the account's guess budget is used up, whatever the challenge
    DISABLED = "disabled"  # too many failures in a row: codes by mail are off for the account until support unlocks it
    REFUSED = "refused"  # a cap of the account was reached: no code was made, no mail was sent
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"  # Redis failed over since: what became of the challenge cannot be trusted
    NOT_ISSUED = "not-issued"


class State(StrEnum):
    OPEN = "open"
    VERIFIED = "verified"
    LOCKED = "locked"
    EXPIRED = "expired"
    REFUSED = "refused"
    DISABLED = "disabled"
    VOID = "void"

    @property
    def final(self) -> bool:
        return self is not State.OPEN


class Refusal(StrEnum):
    """Why a challenge gets no code."""

    TOO_MANY_MAILS = "too-many-mails"
    TOO_MANY_CHALLENGES = "too-many-challenges"
    DISABLED = "disabled"


class Resend(StrEnum):
    """What becomes of the wish for another mail. SENT is the only one that sends."""

    SENT = "sent"
    TOO_SOON = "too-soon"
    NO_MORE = "no-more"
    TOO_MANY_MAILS = "too-many-mails"
    TOO_LATE = "too-late"  # too little life is left
    NOT_ISSUED = "not-issued"
    USED = "used"
    LOCKED = "locked"
    EXPIRED = "expired"
    VOID = "void"
    REFUSED = "refused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class ChallengeRef:
    """Names a challenge. The account is part of it: it decides where in Redis the challenge lives."""

    account_id: UUID
    challenge_id: UUID

    def message_id(self, mail: int) -> UUID:
        """Of the mail with that number, 0 for the first: always the same, however often its event is handled."""
        return uuid5(self.challenge_id, f"mail {mail}")


class End(StrEnum):
    VERIFIED = "verified"
    EXPIRED = "expired"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Ended:
    """A challenge that is over. `attempts`, the codes that were looked at; None: nobody knows any more."""

    challenge: ChallengeRef
    end: End
    attempts: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`retry_at`: when a code of this account is looked at, or mailed, again. `ended`: by this code."""

    verdict: Verdict
    attempts_remaining: int
    retry_at: datetime | None = None
    ended: Ended | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Status:
    """`resend_available_at` None: never again. `retry_at`: when REFUSED, when a login would be mailed a code
    again; when OPEN, the account's guesses are used up until then."""

    state: State
    attempts_remaining: int
    expires_at: datetime
    mails: tuple[News, ...] = (News(),)
    resend_available_at: datetime | None = None
    retry_at: datetime | None = None
