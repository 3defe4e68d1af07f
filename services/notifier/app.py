"""The one place where the notifier is put together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import FastAPI

from services.notifier.adapters.read_templates import read_templates
from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.adapters.sendgrid import CallLimits, SendGrid
from services.notifier.adapters.sendgrid_payload import SendGridPayload
from services.notifier.domain.claim import SendTerms
from services.notifier.handlers import NOTICES_AT_ONCE, register_notices, register_passcodes
from services.notifier.settings import NotifierSettings
from services.notifier.use_cases.compose_notice_mail import ComposeNoticeMail
from services.notifier.use_cases.compose_passcode_mail import ComposePasscodeMail
from services.notifier.use_cases.give_up_mail import GiveUpMail
from services.notifier.use_cases.report_outcome import ReportOutcome
from services.notifier.use_cases.send_mail import SendMail
from shared.ending import ended
from shared.follow_keys import FollowKeys
from shared.health import Check, Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.periodic import periodically
from shared.redis import CALL_TIMEOUT_S, redis_client
from shared.redis_fit import RedisFit
from shared.sealing import Unsealer

# Around a send a holder waits for Redis twice, at most CALL_TIMEOUT_S each; the rest is for a busy machine.
LEASE_MARGIN_S: Final = 2 * CALL_TIMEOUT_S + 1


def build(settings: NotifierSettings, reread: Callable[[], NotifierSettings] | None = None) -> FastAPI:
    """`reread` says what the settings are by now; of what has changed, the sealing keys are used."""
    bus = EventBus("notifier", settings)
    redis = redis_client(settings.redis_url.get_secret_value())
    provider = _sendgrid(settings)
    terms = SendTerms(lease=timedelta(seconds=settings.provider_deadline_s + LEASE_MARGIN_S))
    report = ReportOutcome(bus.publisher.publish)
    claims = RedisClaims(redis, terms)
    send = SendMail(claims, provider, report, _now)
    give_up = GiveUpMail(claims, report, provider.name, _now)
    unsealer = Unsealer(Keyring.parse(settings.sealing_private_keys.get_secret_value()))
    follow_keys = FollowKeys(settings, reread or (lambda: settings), {"sealing_private_keys": unsealer.use})
    templates = read_templates(settings)
    compose_passcode = ComposePasscodeMail(unsealer, templates, _now)
    register_passcodes(bus, send, give_up, compose_passcode, settings.sends_at_once)
    register_notices(bus, send, give_up, ComposeNoticeMail(unsealer, templates))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with provider:
            bus.start()
            following = asyncio.create_task(periodically("key-files", settings.key_refresh_s, follow_keys))
            yield
            await ended(following)
            await bus.stop()
        await redis.aclose()

    checks: dict[str, Check] = {"kafka": bus.healthy, "redis": RedisFit(redis), "provider": provider.healthy}
    return http_service("Gatepost notifier (internal)", Health(checks), lifespan)


def _sendgrid(settings: NotifierSettings) -> SendGrid:
    payload = SendGridPayload(settings.mail_from, settings.brand)
    limits = CallLimits(settings.provider_deadline_s, settings.sends_at_once + NOTICES_AT_ONCE)
    return SendGrid(settings.sendgrid_url, settings.sendgrid_api_key, payload, limits, _now)


def _now() -> datetime:
    return datetime.now(UTC)
