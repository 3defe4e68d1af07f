"""A code is to be mailed: seal it to the notifier and say so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.otp.domain.challenge import ChallengeRef
from services.otp.domain.passcode import PasscodeBook
from shared.encryption import Undecryptable
from shared.events import PasscodeIssued, Sealed
from shared.sealing import Sealer
from shared.unavailable import DependencyUnavailable


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a code goes, sealed, and what its mail is about."""

    address: Sealed
    locale: str
    region: str
    purpose: str


class AnnouncePasscode:
    def __init__(
        self, book: PasscodeBook, sealer: Sealer, publish: Callable[[PasscodeIssued], Awaitable[None]]
    ) -> None:
        self._book = book
        self._sealer = sealer
        self._publish = publish

    async def __call__(
        self, challenge: ChallengeRef, mail: int, to: Recipient, ciphertext: bytes, expires_at: datetime
    ) -> None:
        """Returns once the event is safely on Kafka. `mail`: its number, 0 for the first.

        Raises: DependencyUnavailable.
        """
        try:
            code = self._book.reveal(challenge, ciphertext)
        except Undecryptable as error:  # under a key that another instance has already, or has no longer
            raise DependencyUnavailable("code-keys") from error
        await self._publish(
            PasscodeIssued(
                challenge_id=challenge.challenge_id,
                message_id=challenge.message_id(mail),
                account_id=challenge.account_id,
                code=self._sealer.seal(code, f"code:{challenge.challenge_id}"),
                address=to.address,
                locale=to.locale,
                region=to.region,
                purpose=to.purpose,
                expires_at=expires_at,
            )
        )
