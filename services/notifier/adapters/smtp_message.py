"""A mail as RFC 5322 has it: the text, and beside it the same as HTML."""

from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from services.notifier.domain.outgoing_mail import HEADERS, OutgoingMail

_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=998)  # not every relay has 8BITMIME


class Unwritable(Exception):
    """An address that needs what not every relay has (SMTPUTF8, RFC 6531), or that RFC 5322 has no words for."""


def seven_bits(address: str) -> str:
    """The address with its domain as DNS has it. Raises: Unwritable."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise Unwritable from None


class SmtpMessage:
    """`domain` is where message ids end. The id is that of the mail, so that two sends of one are known as such."""

    def __init__(self, sender_address: str, sender_name: str, domain: str, clock: Callable[[], datetime]) -> None:
        self._sender = Address(sender_name, addr_spec=sender_address)
        self._domain = domain
        self._clock = clock

    def of(self, mail: OutgoingMail, to: str) -> bytes:
        """`to` as `seven_bits` has it. Raises: Unwritable."""
        message = EmailMessage(policy=_POLICY)
        message["From"] = self._sender
        try:
            message["To"] = Address(addr_spec=to)
        except (ValueError, MessageError):
            raise Unwritable from None
        message["Subject"] = mail.content.subject
        message["Date"] = self._clock()
        message["Message-ID"] = f"<{mail.message_id}@{self._domain}>"
        for name, value in HEADERS.items():
            message[name] = value
        message.set_content(mail.content.text)
        message.add_alternative(mail.content.html, subtype="html")
        return message.as_bytes()
