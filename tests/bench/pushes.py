"""From what became of a mail, or of a code, to those who wait: on streams of two OTP instances, and of auth."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

import jwt
from aiohttp import ClientSession
from aiokafka import AIOKafkaProducer

from deploy.local.system import LocalSystem
from services.otp.domain.challenge import ChallengeRef
from services.otp.settings import LimitSettings
from shared.cloudevents import body_of, headers_of
from shared.events import EmailOutcome, Outcome
from tests.bench.accounts import CHEAP, REGION
from tests.bench.ledger import Ledger, Login
from tests.bench.passcodes import Issuer, typed
from tests.bench.people import MAIL_S, SignIn
from tests.bench.plan import Plan
from tests.bench.side_process import AnotherOtp
from tests.bench.streams import Cause, Stream, opened, pushes

Publish = Callable[[EmailOutcome], Awaitable[None]]


class Pushes:
    def __init__(self, system: LocalSystem, http: ClientSession, plan: Plan, tell: Callable[[str], None]) -> None:
        self._system = system
        self._http = http
        self._plan = plan
        self._tell = tell
        self._as_auth = {"Authorization": f"Bearer {system.keys.otp_credential}"}

    async def measure(self, issuer: Issuer, ledger: Ledger) -> dict[str, list[float]]:
        """Milliseconds by name, sorted."""
        with AnotherOtp(self._system) as another:
            async with _publisher(self._system.kafka.bootstrap) as publish:
                of_otp = await self._to_otp(await self._of_otp(issuer, another.url), publish)
                return of_otp | await self._to_auth(await self._of_auth(ledger), publish)

    async def _to_otp(self, streams: list[Stream], publish: Publish) -> dict[str, list[float]]:
        async with opened(self._http, streams):
            # Codes first: meanwhile the consumer groups share their partitions with the instance that has just come.
            codes = await self._pushes("codes typed elsewhere", streams, WrongCodes(self._http, self._as_auth))
            mails = await self._pushes("outcomes of mails", streams, Mails(publish))
            return {"code_to_otp": codes, "mail_to_otp": mails}

    async def _to_auth(self, streams: list[Stream], publish: Publish) -> dict[str, list[float]]:
        async with opened(self._http, streams):
            return {"mail_to_auth": await self._pushes("outcomes of mails, by auth,", streams, Mails(publish))}

    async def _pushes(self, what: str, streams: list[Stream], cause: Cause) -> list[float]:
        self._tell(f"pushing {self._plan.pushes} {what} to {len(streams)} streams")
        await pushes(streams, cause, self._plan.pushes // 4, self._plan.push_rate)
        return await pushes(streams, cause, self._plan.pushes, self._plan.push_rate)

    async def _of_otp(self, issuer: Issuer, another: str) -> list[Stream]:
        """Half of them at each instance."""
        urls = (self._system.services["otp"].url, another)
        return [
            Stream(each.ref, f"{urls[n % 2]}{each.path}/events", self._as_auth, urls[1 - n % 2] + each.path)
            for n, each in enumerate(await issuer.issue_many(self._plan.streams))
        ]

    async def _of_auth(self, ledger: Ledger) -> list[Stream]:
        """Of people whose mail has come."""
        sign_in = SignIn(self._system.services["auth"].url, self._http, ledger)
        return [await self._waiting(sign_in, ledger) for _ in range(self._plan.streams)]

    async def _waiting(self, sign_in: SignIn, ledger: Ledger) -> Stream:
        login = Login(CHEAP.next(), time.monotonic_ns())
        ledger.expect(login)
        answer = await sign_in.log_in(login.account, HTTPStatus.ACCEPTED)
        async with asyncio.timeout(MAIL_S):
            await login.mailed
        token, challenge_id = answer["challenge_token"], answer["challenge_id"]
        account_id = jwt.decode(token, options={"verify_signature": False})["sub"]
        url = f"{self._system.services['auth'].url}/v1/challenges/{challenge_id}/events"
        ref = ChallengeRef(UUID(account_id), UUID(challenge_id))
        return Stream(ref, url, {"Authorization": f"Challenge {token}"})


class Mails:
    """Deliveries of the first mail, each later than the one before: the later one is shown."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._at = datetime.now(UTC).replace(microsecond=500_000) - timedelta(hours=1)

    def __call__(self, stream: Stream) -> tuple[bytes, Awaitable[object]]:
        self._at += timedelta(seconds=1)
        outcome = EmailOutcome(
            message_id=stream.ref.message_id(0),
            account_id=stream.ref.account_id,
            challenge_id=stream.ref.challenge_id,
            region=REGION,
            provider="bench",
            outcome=Outcome.DELIVERED,
            attempt=1,
            at=self._at,
        )
        return f"{self._at:%Y-%m-%dT%H:%M:%S.5}".encode(), self._publish(outcome)


class WrongCodes:
    """Typed at the other instance."""

    def __init__(self, http: ClientSession, as_auth: dict[str, str]) -> None:
        self._http = http
        self._as_auth = as_auth
        self._typed: Counter[ChallengeRef] = Counter()
        self._allowed = LimitSettings().max_attempts

    def __call__(self, stream: Stream) -> tuple[bytes, Awaitable[object]]:
        self._typed[stream.ref] += 1
        remaining = self._allowed - self._typed[stream.ref]
        return b'"attempts_remaining":%d' % remaining, self._verify(stream)

    async def _verify(self, stream: Stream) -> None:
        body = typed(right=False)
        async with self._http.post(f"{stream.elsewhere}/verify", json=body, headers=self._as_auth) as response:
            response.raise_for_status()


@asynccontextmanager
async def _publisher(bootstrap: str) -> AsyncIterator[Publish]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0)

    async def publish(outcome: EmailOutcome) -> None:
        headers = [(name, value.encode()) for name, value in headers_of(outcome, datetime.now(UTC)).items()]
        await producer.send_and_wait(outcome.topic, body_of(outcome), outcome.key.encode(), headers=headers)

    await producer.start()
    try:
        yield publish
    finally:
        await producer.stop()
