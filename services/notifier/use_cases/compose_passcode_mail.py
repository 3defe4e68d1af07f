"""Open what only we may read, and write the mail. The code and the address exist from here to the end of the send."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.passcode_mail import PasscodeMail, is_code, purpose_of
from shared.events import PasscodeIssued
from shared.mail_address import is_address
from shared.sealing import Unsealable


class Opens(Protocol):
    def unseal(self, sealed: str, context: str) -> str:
        """Raises: Unsealable."""


class Renders(Protocol):
    def passcode(self, mail: PasscodeMail) -> Content: ...


class Unmailable(Exception):
    """No mail can be made of this event, now or later. `reason` is a fixed word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ComposePasscodeMail:
    def __init__(self, opener: Opens, renderer: Renders, clock: Callable[[], datetime]) -> None:
        self._opener = opener
        self._renderer = renderer
        self._clock = clock

    def __call__(self, issued: PasscodeIssued) -> OutgoingMail:
        """Raises: Unmailable."""
        code = self._open(issued.code, f"code:{issued.challenge_id}")
        address = self._open(issued.address, f"address:{issued.challenge_id}")
        # Whoever holds the public key can seal anything: what was inside is checked like any other input.
        if not is_code(code):
            raise Unmailable("bad-code")
        if not is_address(address):
            raise Unmailable("bad-address")
        purpose = purpose_of(issued.purpose)
        mail = PasscodeMail(code, purpose, issued.locale, self._clock(), issued.expires_at)
        return OutgoingMail(issued.message_id, address, self._renderer.passcode(mail))

    def _open(self, sealed: str, context: str) -> str:
        try:
            return self._opener.unseal(sealed, context)
        except (Unsealable, UnicodeDecodeError):
            raise Unmailable("unsealable") from None
