"""What can go wrong at the first provider, or at both: how many mails there are, what is told, what the page shows.

Everything between a mail that is due and the providers is real: claims and buckets in Valkey, SendGrid's double
and a mail relay on the wire.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest

from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.suppression import AddressHashes
from services.notifier.parts import Providers, now, redis_claims
from services.notifier.settings import NotifierSettings
from services.notifier.use_cases.compose_passcode_mail import ComposePasscodeMail
from services.notifier.use_cases.mail_ledger import Ledger
from services.notifier.use_cases.report_outcome import ReportOutcome
from services.notifier.use_cases.send_mail import SendMail
from services.otp.domain.delivery import Delivery, News, delivery_rank
from shared.credentials import digest
from shared.events import EmailOutcome
from shared.redelivery import TryLater, Unhandleable
from shared.redis import redis_client
from shared.unavailable import DependencyUnavailable
from tests.integration.notifier.relay import Relay, relaying
from tests.unit.notifier.fakes import PRIVATE_KEYS, FakeAccounts, passcode_issued, unsealer
from tests.unit.notifier.mails import templates
from tests.unit.shared.samples import private_ring

PATIENCE_S, DEADLINE_S = 0.4, 0.8
SLACK_S = 1.0  # for a busy machine
NOBODY = "http://no-such-host.invalid"
TEMPLATES = templates()


@dataclass(frozen=True)
class Fault:
    """What SendGrid's double is told (None: it is not found), and what the relay does that comes nearest to it."""

    sendgrid: dict[str, Any] | None
    relay: str


OK = Fault({"status": 202}, "250 2.0.0 taken")
FAULTS = {
    "202": OK,
    "400": Fault({"status": 400}, "554 5.6.0 not like this"),
    "401": Fault({"status": 401}, "login"),
    "403": Fault({"status": 403}, "login"),
    "413": Fault({"status": 413}, "552 5.3.4 too big"),
    "429": Fault({"status": 429}, "450 4.7.1 slowly"),
    "500": Fault({"status": 500}, "451 4.3.0 broken"),
    "503": Fault({"status": 503}, "451 4.3.2 closed"),
    "hang": Fault({"delay_s": 60}, "hang"),
    "reset": Fault({"fault": "reset"}, "reset"),
    "slow body": Fault({"fault": "slow_body"}, "250 2.0.0 taken"),
    "202 then drop": Fault({"status": 202, "drop": True}, "drop"),
    "DNS failure": Fault(None, "away"),
}

# Raised: what becomes of the event (tried again, or a dead letter); mails that arrived; what is told; what is shown.
Effect = tuple[type[Exception] | None, int, list[str], Delivery]
SENT: Effect = (None, 1, ["accepted"], Delivery.SENT)
LOST: Effect = (None, 0, ["accepted"], Delivery.SENT)  # the promise of a provider that does not keep it
FAILED: Effect = (Unhandleable, 0, ["failed"], Delivery.FAILED)
WAITS: Effect = (DependencyUnavailable, 0, [], Delivery.QUEUED)
WAITS_AS_TOLD: Effect = (TryLater, 0, [], Delivery.QUEUED)

FIRST_ONLY = dict.fromkeys(FAULTS, SENT) | {
    "202 then drop": LOST,
    "reset": (None, 2, ["accepted"], Delivery.SENT),  # with the same code
}
BOTH = {
    "202": SENT,
    "400": FAILED,
    "401": WAITS,
    "403": WAITS,
    "413": FAILED,
    "429": WAITS,
    "500": WAITS,
    "503": WAITS,
    "hang": (None, 0, ["unknown"], Delivery.UNKNOWN),  # none by then
    "reset": (None, 2, ["unknown"], Delivery.UNKNOWN),
    "slow body": SENT,
    "202 then drop": LOST,
    "DNS failure": WAITS,
}


@dataclass
class World:
    mailbox: str
    http: aiohttp.ClientSession
    relay: Relay
    redis_url: str
    told: list[EmailOutcome] = field(default_factory=list)

    async def fault(self, what: dict[str, Any]) -> None:
        async with self.http.post(f"{self.mailbox}/api/faults", json=what) as response:
            assert response.status == 200

    async def mails(self) -> int:
        async with self.http.get(f"{self.mailbox}/api/messages") as response:
            return len(await response.json()) + len(self.relay.mails)

    def settings(self, first: Fault, second: Fault) -> NotifierSettings:
        relay = self.relay.url.replace("smtp://", "smtp://gatepost:secret@")
        return NotifierSettings.model_validate(
            {
                "port": 1,
                "kafka": "127.0.0.1:1",
                "redis_url": self.redis_url,
                "sealing_private_keys": PRIVATE_KEYS,
                "suppression_keys": private_ring("s1").text,
                "operators": f"sam:support:{digest('support-secret')}",
                "sendgrid_api_key": "SG.secret-key",
                "sendgrid_url": NOBODY if first.sendgrid is None else self.mailbox,
                "smtp_url": relay if second.relay != "away" else "smtp://127.0.0.1:1",
                "mail_from": "no-reply@gatepost.example",
                "mail_domain": "gatepost.example",
                "brand": "Gatepost",
                "provider_deadline_s": DEADLINE_S,
                "provider_patience_s": PATIENCE_S,
            }
        )

    async def send(self, first: Fault, second: Fault) -> type[Exception] | None:
        """One mail is due once. What the handler raised."""
        await self.fault(first.sendgrid or {})
        self.relay.lets_in = second.relay != "login"
        self.relay.on_data = second.relay
        settings, redis = self.settings(first, second), redis_client(self.redis_url)
        suppressions = RedisSuppressions(redis, AddressHashes(private_ring("s1")), settings.suppression_terms)
        providers = Providers(redis, settings)
        ledger = Ledger(redis_claims(redis, settings), suppressions, FakeAccounts().tell())
        send = SendMail(ledger, providers.deliver, ReportOutcome(self._tell), lambda *_: {}, now)
        issued = passcode_issued(expires_at=now() + timedelta(minutes=10))
        try:
            async with providers:
                await send(MailDue.passcode(issued), partial(ComposePasscodeMail(unsealer(), TEMPLATES, now), issued))
        except (TryLater, Unhandleable, DependencyUnavailable) as error:
            return type(error)
        finally:
            await redis.aclose()
        return None

    async def _tell(self, event: EmailOutcome) -> None:
        self.told.append(event)

    @property
    def shown(self) -> Delivery:
        """What OTP makes of it for the page."""
        rank = max((delivery_rank(event.outcome) for event in self.told), default=0)
        return News.of_rank(rank, None).delivery


@pytest.fixture
async def world(mailbox: str, redis_url: str) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        relay = await stack.enter_async_context(relaying())
        yield World(mailbox, http, relay, redis_url)


async def effect(world: World, first: Fault, second: Fault) -> Effect:
    started = time.monotonic()
    raised = await world.send(first, second)
    assert time.monotonic() - started < PATIENCE_S + DEADLINE_S + SLACK_S
    return raised, await world.mails(), [event.outcome.value for event in world.told], world.shown


@pytest.mark.parametrize("name", FAULTS)
async def test_the_first_provider_fails(world: World, name: str) -> None:
    assert await effect(world, FAULTS[name], OK) == FIRST_ONLY[name]


@pytest.mark.parametrize("name", FAULTS)
async def test_both_providers_fail(world: World, name: str) -> None:
    assert await effect(world, FAULTS[name], FAULTS[name]) == BOTH[name]
