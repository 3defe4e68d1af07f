"""The address that a code goes to: the account's, or the new one that the code proves."""

from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge
from shared.encryption import Encryption
from shared.keyring import decode, encode
from shared.sealing import Sealer


class CodeAddresses:
    """It leaves auth sealed to the notifier, for one challenge; a new one waits encrypted in the challenge's token."""

    def __init__(self, sealer: Sealer, encryption: Encryption) -> None:
        self._sealer = sealer
        self._encryption = encryption

    def hidden(self, account_id: UUID, email: str) -> str:
        """For `Challenge.new_address`."""
        return encode(self._encryption.encrypt(email.encode(), _context(account_id)))

    def new_address(self, challenge: Challenge) -> str:
        assert challenge.new_address is not None
        return self._encryption.decrypt(decode(challenge.new_address), _context(challenge.account_id)).decode()

    def sealed(self, account: Account, challenge: Challenge) -> str:
        email = account.email if challenge.new_address is None else self.new_address(challenge)
        return self._sealer.seal(email, f"address:{challenge.id}")


def _context(account_id: UUID) -> bytes:
    return b"email:" + account_id.bytes
