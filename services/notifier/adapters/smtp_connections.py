"""Connections to a mail relay that are kept, since each costs several round trips."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiosmtplib import SMTP

from services.notifier.adapters.smtp_url import SmtpUrl

KEEP_ALIVE_S: Final = 20.0  # relays hang up on who is silent, some after half a minute
QUIT_S: Final = 0.5


class SmtpConnections:
    """Some are lent, the others wait for the next mail; the one that was used last is lent first. `own_name` is said
    in EHLO."""

    def __init__(self, url: SmtpUrl, own_name: str) -> None:
        self._url = url
        self._own_name = own_name
        self._tls = ssl.create_default_context() if url.tls or url.starttls else None
        self._idle: list[tuple[float, SMTP]] = []

    @asynccontextmanager
    async def lend(self, *, fresh: bool = False) -> AsyncIterator[tuple[SMTP, bool]]:
        """A connection that is logged in, and whether it was used before: then it may be dead without our knowing.

        Returned unless the body raises. Raises: SMTPException, OSError.
        """
        kept = None if fresh else self._kept()
        connection = kept or await self._connect()
        try:
            yield connection, kept is not None
        except BaseException:
            connection.close()
            raise
        if connection.is_connected:
            self._idle.append((time.monotonic(), connection))

    async def close(self) -> None:
        idle, self._idle = [connection for _, connection in self._idle], []
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIT_S):
                await asyncio.gather(*(connection.quit() for connection in idle), return_exceptions=True)
        for connection in idle:
            connection.close()

    def _kept(self) -> SMTP | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_connected and time.monotonic() - since < KEEP_ALIVE_S:
                return connection
            connection.close()
        return None

    async def _connect(self) -> SMTP:
        url = self._url
        connection = SMTP(
            hostname=url.host,
            port=url.port,
            username=url.username,
            password=url.password,
            local_hostname=self._own_name,  # the library would look it up in DNS
            use_tls=url.tls,
            start_tls=url.starttls,
            tls_context=self._tls,
            timeout=None,  # whoever uses it has a deadline for all of it
        )
        try:
            await connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection
