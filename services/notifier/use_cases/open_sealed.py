"""Open what only we may read. A code and an address exist from here to the end of the send."""

from typing import Protocol

from shared.mail_address import is_address
from shared.sealing import Unsealable


class Opens(Protocol):
    def unseal(self, sealed: str, context: str) -> str:
        """Raises: Unsealable."""


class Unmailable(Exception):
    """No mail can be made of this event, now or later. `reason` is a fixed word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def open_sealed(opener: Opens, sealed: str, context: str) -> str:
    """Raises: Unmailable."""
    try:
        return opener.unseal(sealed, context)
    except (Unsealable, UnicodeDecodeError):
        raise Unmailable("unsealable") from None


def open_address(opener: Opens, sealed: str, context: str) -> str:
    """Whoever holds the public key can seal anything: what was inside is checked like any other input.

    Raises: Unmailable.
    """
    address = open_sealed(opener, sealed, context)
    if not is_address(address):
        raise Unmailable("bad-address")
    return address
