"""The mail is late: the same code once more, so that whichever mail comes first works."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.otp.domain.challenge import ChallengeRef, Resend
from services.otp.domain.limits import Limits
from services.otp.use_cases.announce_passcode import AnnouncePasscode, Recipient


@dataclass(frozen=True, slots=True)
class Resent:
    """`resend_available_at`, when SENT: the next one; None: none. `retry_at`, when not: when it could be, if ever.
    `mail`, `ciphertext` and `expires_at` belong to what is to be sent."""

    result: Resend
    resend_available_at: datetime | None = None
    retry_at: datetime | None = None
    mail: int = 0
    ciphertext: bytes = field(default=b"", repr=False)
    expires_at: datetime | None = None


class ResendingStore(Protocol):
    async def resend(self, challenge: ChallengeRef, client_hash: str, limits: Limits) -> Resent:
        """Count one more mail if there may be one. Changes neither code nor expiry nor any count of guesses."""


class ResendPasscode:
    def __init__(self, store: ResendingStore, announce: AnnouncePasscode, limits: Limits) -> None:
        self._store = store
        self._announce = announce
        self._limits = limits

    async def __call__(self, challenge: ChallengeRef, client_hash: str, to: Recipient) -> Resent:
        """Counted before it is published: what Kafka cannot take stays counted. Raises: DependencyUnavailable."""
        resent = await self._store.resend(challenge, client_hash, self._limits)
        if resent.expires_at is not None:
            await self._announce(challenge, resent.mail, to, resent.ciphertext, resent.expires_at)
        return resent
