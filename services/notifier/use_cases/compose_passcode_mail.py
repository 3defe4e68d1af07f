"""Write the mail with a code."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from services.notifier.domain.outgoing_mail import Content, OutgoingMail
from services.notifier.domain.passcode_mail import PasscodeMail, is_code, purpose_of
from services.notifier.use_cases.open_sealed import Opens, Unmailable, open_address, open_sealed
from shared.events import PasscodeIssued


class RendersPasscodes(Protocol):
    def passcode(self, mail: PasscodeMail) -> Content: ...


class ComposePasscodeMail:
    def __init__(self, opener: Opens, renderer: RendersPasscodes, clock: Callable[[], datetime]) -> None:
        self._opener = opener
        self._renderer = renderer
        self._clock = clock

    def __call__(self, issued: PasscodeIssued) -> OutgoingMail:
        """Raises: Unmailable."""
        code = open_sealed(self._opener, issued.code, f"code:{issued.challenge_id}")
        address = open_address(self._opener, issued.address, f"address:{issued.challenge_id}")
        if not is_code(code):
            raise Unmailable("bad-code")
        purpose = purpose_of(issued.purpose)
        mail = PasscodeMail(code, purpose, issued.locale, self._clock(), issued.expires_at)
        return OutgoingMail(issued.message_id, address, self._renderer.passcode(mail))
