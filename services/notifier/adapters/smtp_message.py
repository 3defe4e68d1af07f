"""A mail as RFC 5322 has it: the text, and beside it the same as HTML."""

from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

import idna

from services.notifier.domain.outgoing_mail import HEADERS, OutgoingMail
from shared.mail_address import is_address

_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=998)  # not every relay has 8BITMIME


class Unwritable(Exception):
    """An address that needs what not every relay has (SMTPUTF8, RFC 6531), or that RFC 5322 has no words for."""


def seven_bits(address: str) -> str:
    """The address with its domain as DNS has it. Raises: Unwritable."""
    local, _, domain = address.rpartition("@")
    try:
        # IDNA 2008, as mail programs and registries have it: that of 2003 would send faß.de's mail to fass.de.
        written = f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        raise Unwritable from None
    if not (written.isascii() and is_address(written)):
        raise Unwritable
    return written


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
        except Exception:  # the standard library's parser has surprises
            raise Unwritable from None
        message["Subject"] = mail.content.subject
        message["Date"] = self._clock()
        message["Message-ID"] = f"<{mail.message_id}@{self._domain}>"
        for name, value in HEADERS.items():
            message[name] = value
        message.set_content(mail.content.text)
        message.add_alternative(mail.content.html, subtype="html")
        return message.as_bytes()
