"""The parts of the notifier, each built from the settings."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import uuid4

from services.notifier.adapters.call_window import CallWindow
from services.notifier.adapters.circuit import Circuit
from services.notifier.adapters.guarded_provider import LONGEST_TURN_S, WAITS, GuardedProvider, Guards, Provider
from services.notifier.adapters.redis_bucket import RedisBucket
from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.adapters.redis_told import RedisTold
from services.notifier.adapters.sendgrid import SendGrid
from services.notifier.adapters.sendgrid_payload import SendGridPayload
from services.notifier.adapters.smtp import Smtp
from services.notifier.adapters.smtp_message import SmtpMessage, seven_bits
from services.notifier.adapters.smtp_url import SmtpUrl
from services.notifier.domain.adaptive_limit import AdaptiveLimit
from services.notifier.domain.claim import SendTerms
from services.notifier.domain.mail_routes import MailRoutes
from services.notifier.domain.provider_answer import ProviderAnswer
from services.notifier.domain.sendgrid_event import ReadLabels
from services.notifier.handlers import NOTICES_AT_ONCE
from services.notifier.settings import NotifierSettings
from services.notifier.use_cases.deliver_mail import DeliverMail, Patience
from services.notifier.use_cases.take_delivery_reports import PublishAll, TakeDeliveryReports
from services.notifier.use_cases.tell_suppressed import TellSuppressed
from shared.redis import CALL_TIMEOUT_S, RedisClient

# Beside the calls themselves a holder waits for Redis thrice (is the address suppressed, may there be another send, it
# was accepted), at most CALL_TIMEOUT_S each; the rest is for a busy machine.
LEASE_MARGIN_S: Final = 3 * CALL_TIMEOUT_S + 1
TOLD_FOR: Final = timedelta(hours=48)

now = partial(datetime.now, UTC)


class Providers:
    """Who mails are given to. Enter it inside the running loop; leaving closes the connections."""

    def __init__(
        self,
        redis: RedisClient,
        settings: NotifierSettings,
        answered: Callable[[str, ProviderAnswer], None] = lambda *_: None,
    ) -> None:
        connections = settings.sends_at_once + NOTICES_AT_ONCE + settings.announcements_at_once
        rates = settings.per_second
        self._plain = _providers(settings, connections)
        self.guarded = {
            name: GuardedProvider(
                provider,
                Guards(
                    RedisBucket(redis, name, rates[name]),
                    CallWindow(name, AdaptiveLimit(connections)),
                    Circuit(name, settings.circuit_open_s),
                ),
                answered,
            )
            for name, provider in self._plain.items()
        }
        patience = Patience(settings.patience_s, settings.provider_deadline_s)
        routes = MailRoutes.parse(settings.mail_routes, settings.providers)
        self.deliver = DeliverMail(self.guarded, routes, patience)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> None:
        for provider in self._plain.values():
            await self._open.enter_async_context(provider)

    async def __aexit__(self, *exc: object) -> None:
        await self._open.aclose()

    async def healthy(self) -> bool:
        """Whether there is a way for mails."""
        for provider in self.guarded.values():
            if await provider.healthy():
                return True
        return False


def _providers(settings: NotifierSettings, connections: int) -> Mapping[str, Provider]:
    found: dict[str, Provider] = {}
    if settings.sendgrid_api_key is not None:
        payload = SendGridPayload(settings.mail_from, settings.brand)
        found["sendgrid"] = SendGrid(settings.sendgrid_url, settings.sendgrid_api_key, payload, connections, now)
    if settings.smtp_url is not None:
        sender = seven_bits(settings.mail_from)
        message = SmtpMessage(sender, settings.brand, settings.mail_domain, now)
        url = SmtpUrl.parse(settings.smtp_url.get_secret_value())
        found["smtp"] = Smtp(url, sender, settings.mail_domain, message)
    return found


def send_terms(settings: NotifierSettings) -> SendTerms:
    """Its leases outlast all calls that one claim can make."""
    others_s = sorted(settings.patience_s.values())[1:]  # all but one, which has until the deadline
    calls_s = settings.provider_deadline_s + sum(others_s)
    turns_s = len(settings.providers) * WAITS * LONGEST_TURN_S
    return SendTerms(lease=timedelta(seconds=calls_s + turns_s + LEASE_MARGIN_S))


def redis_claims(redis: RedisClient, settings: NotifierSettings) -> RedisClaims:
    return RedisClaims(redis, send_terms(settings))


def delivery_reports(
    redis: RedisClient,
    settings: NotifierSettings,
    suppressions: RedisSuppressions,
    tell_suppressed: TellSuppressed,
    publish: PublishAll,
    read_labels: ReadLabels,
) -> TakeDeliveryReports:
    # One who tells waits for Kafka once and for Redis three times (take, suppress, settle); the rest is for a busy
    # machine.
    lease = timedelta(seconds=settings.kafka_deadline_s + 3 * CALL_TIMEOUT_S + 1)
    told = RedisTold(redis, uuid4().hex, lease, TOLD_FOR)
    return TakeDeliveryReports(told, suppressions, tell_suppressed, publish, read_labels)
