"""Any mail relay that speaks SMTP. What comes back later of a mail, a relay tells its own operators and not us."""

import asyncio
from typing import Self

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)
from yarl import URL

from services.notifier.adapters.provider_call import ProviderCall, provider_call
from services.notifier.adapters.reachability import Reachability
from services.notifier.adapters.smtp_answer import after_data, refusal
from services.notifier.adapters.smtp_connections import SmtpConnections
from services.notifier.adapters.smtp_message import SmtpMessage, Unwritable, seven_bits
from services.notifier.adapters.smtp_url import SmtpUrl
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown


class Smtp:
    """A Provider. `sender` is the address that bounces go to, `own_name` what EHLO says."""

    name = "smtp"

    def __init__(self, url: SmtpUrl, sender: str, own_name: str, message: SmtpMessage) -> None:
        self._url = URL.build(scheme="smtp", host=url.host, port=url.port)
        self._connections = SmtpConnections(url, own_name)
        self._sender = sender
        self._message = message
        self._reachable = Reachability(f"{url.host}:{url.port}")
        self._welcome = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._connections.close()

    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        try:
            to = seven_bits(mail.to)
            message = self._message.of(mail, to)
        except Unwritable:
            return Refused("unwritable", permanent=True)
        with provider_call(self.name, self._url) as call:
            call.answer = await self._within(within_s, to, message, call)
            if isinstance(call.answer, Accepted):
                self._welcome = True
            return call.answer

    async def healthy(self) -> bool:
        """Whether the relay can be reached and, as far as known, accepts us."""
        return self._welcome and await self._reachable()

    async def _within(self, within_s: float, to: str, message: bytes, call: ProviderCall) -> ProviderAnswer:
        progress = _Progress()
        try:
            async with asyncio.timeout(within_s):
                return await self._send(to, message, progress)
        except SMTPResponseException as error:
            call.failed(f"smtp-{error.code}")
            if progress.handed_over:
                return after_data(error.code, error.message)
            self._welcome = error.code < 500  # greeting, EHLO, AUTH or MAIL: not this mail is unwelcome, but we are
            return Refused(f"smtp-{error.code}")
        except (SMTPException, OSError) as error:  # TimeoutError is an OSError
            call.failed(type(error).__name__)
            return Unknown("no-answer") if progress.handed_over else Refused("unreachable")

    async def _send(self, to: str, message: bytes, progress: "_Progress") -> ProviderAnswer:
        used_before = False
        try:
            async with self._connections.lend() as (connection, used_before):
                return await self._talk(connection, to, message, progress)
        except SMTPResponseException:
            raise
        except (SMTPException, OSError):
            if progress.handed_over or not used_before:
                raise
        async with self._connections.lend(fresh=True) as (connection, _):  # the other had died in silence
            return await self._talk(connection, to, message, progress)

    async def _talk(self, connection: SMTP, to: str, message: bytes, progress: "_Progress") -> ProviderAnswer:
        await connection.mail(self._sender)
        try:
            await connection.rcpt(to)
        except SMTPRecipientRefused as error:
            await connection.rset()
            return refusal(error.code, error.message, of_recipient=True)
        progress.handed_over = True
        await connection.data(message)
        return Accepted()


class _Progress:
    """Whether the relay may have all of the mail. Before, nothing can have been sent."""

    handed_over: bool = False
