"""A mail relay that takes mails, or misbehaves as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Relay:
    """`on_data`: the reply to a mail, or `hang`, `reset` (take it and cut the connection), `drop` (accept and lose it).
    `on_recipient`: the reply to RCPT TO. `lets_in`: whether a password is the right one."""

    on_data: str = "250 2.0.0 taken"
    on_recipient: str = "250 2.1.5 known"
    lets_in: bool = True
    mails: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.on_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.on_data == "hang":
            await self._goes_on.wait()
        if self.on_data == "drop":
            return "250 2.0.0 taken"
        if self.on_data in ("reset", "hang") or self.on_data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=default))
        if self.on_data in ("reset", "hang"):
            _abort(server.transport)
            return "421 gone"
        return self.on_data


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()


@asynccontextmanager
async def relaying(relay: Relay | None = None) -> AsyncIterator[Relay]:
    """A relay of this test's own, on the loopback address."""
    relay = relay or Relay()
    made: list[SMTP] = []

    def authenticate(*_: object) -> AuthResult:
        return AuthResult(success=relay.lets_in, handled=False)

    def session() -> SMTP:
        made.append(
            SMTP(relay, hostname="relay.example", authenticator=authenticate, auth_require_tls=False, loop=loop)
        )
        return made[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    yield relay
    relay._goes_on.set()
    server.close()
    for each in made:
        _abort(each.transport)
    await asyncio.sleep(0)
