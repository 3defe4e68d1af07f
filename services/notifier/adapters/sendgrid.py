"""SendGrid's v3 API over one pooled aiohttp session.

The `sendgrid` package builds the payload and nothing else: its own client is synchronous, has no timeout, opens a
connection per mail and logs key and body at DEBUG (FACTS). The API takes no idempotency key, so whatever may have
left without an answer is `Unknown`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Self

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from pydantic import SecretStr
from yarl import URL

from services.notifier.adapters.provider_call import ProviderCall, provider_call
from services.notifier.adapters.reachability import Reachability
from services.notifier.adapters.sendgrid_answer import answer_of, is_our_fault
from services.notifier.adapters.sendgrid_payload import SendGridPayload
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown

CONNECT_TIMEOUT_S: Final = 3.0
KEEP_ALIVE_S: Final = 50.0  # less than the minute after which balancers usually hang up
DNS_CACHE_S: Final = 30


class SendGrid:
    """A Provider. Enter it inside the running loop; leaving closes the connections. `connections`: as many as mails
    are sent at once."""

    name = "sendgrid"

    def __init__(
        self,
        url: str,
        api_key: SecretStr,
        payload: SendGridPayload,
        connections: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._url = URL(url) / "v3/mail/send"
        self._headers = {
            "Authorization": f"Bearer {api_key.get_secret_value()}",
            "Content-Type": "application/json",
            "User-Agent": "gatepost",
        }
        self._payload = payload
        self._connections = connections
        self._clock = clock
        self._reachable = Reachability(f"{self._url.host}:{self._url.port}")
        self._welcome = True
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=DNS_CACHE_S)
        self._session = ClientSession(connector=connector, headers=self._headers, cookie_jar=DummyCookieJar())
        # Its span would put our `traceparent` into a request to a third party; provider_call makes one that does not.
        AioHttpClientInstrumentor.uninstrument_session(self._session)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        """The body of the answer is not read: it may quote the address."""
        body = self._payload.of(mail)
        # Connecting ends first, so that the deadline never hits a request that surely was not sent.
        limits = ClientTimeout(total=within_s, connect=min(CONNECT_TIMEOUT_S, within_s * 0.8))
        with provider_call(self.name, self._url) as call:
            call.answer = await self._post(body, limits, call)
            return call.answer

    async def _post(self, body: bytes, limits: ClientTimeout, call: ProviderCall) -> ProviderAnswer:
        assert self._session is not None, "not entered"
        try:
            response = await self._session.post(self._url, data=body, timeout=limits, allow_redirects=False)
        except (ClientConnectorError, ConnectionTimeoutError) as error:  # DNS, refused, TLS, no connection in time
            call.failed(type(error).__name__)
            return Refused("unreachable")
        except (ClientError, OSError) as error:  # TimeoutError is an OSError
            call.failed(type(error).__name__)
            return Unknown("no-answer")
        response.release()  # from here on the status counts, whatever becomes of the body
        call.status(response.status)
        answer = answer_of(response.status, response.headers, self._clock())
        if isinstance(answer, Accepted):
            self._welcome = True
        elif is_our_fault(response.status):
            self._welcome = False
        return answer

    async def healthy(self) -> bool:
        """Whether the host can be reached and, as far as known, accepts our key."""
        return self._welcome and await self._reachable()
