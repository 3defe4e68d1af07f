"""The one place where the notifier is put together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from math import ceil

from fastapi import FastAPI

from services.notifier.adapters.read_templates import read_templates
from services.notifier.adapters.redis_bucket import BEAT_S, RedisBucket
from services.notifier.adapters.redis_minutes import RedisMinutes
from services.notifier.adapters.redis_suppressed_accounts import RedisSuppressedAccounts
from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.api.sendgrid_webhook import MOST_BODY_BYTES
from services.notifier.api.sendgrid_webhook import PATH as WEBHOOK
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.mail_labels import MailLabels
from services.notifier.domain.signed_labels import SignedLabels
from services.notifier.domain.suppression import AddressHashes
from services.notifier.handlers import Turns, register_closings, register_notices, register_passcodes
from services.notifier.parts import Providers, delivery_reports, now, redis_claims
from services.notifier.routes import routes
from services.notifier.settings import NotifierSettings
from services.notifier.use_cases.close_challenge import CloseChallenge
from services.notifier.use_cases.compose_notice_mail import ComposeNoticeMail
from services.notifier.use_cases.compose_passcode_mail import ComposePasscodeMail
from services.notifier.use_cases.give_up_mail import GiveUpMail
from services.notifier.use_cases.mail_ledger import Ledger
from services.notifier.use_cases.observe_providers import BEAT_S as OBSERVED_EVERY_S
from services.notifier.use_cases.observe_providers import ObserveProviders
from services.notifier.use_cases.report_outcome import ReportOutcome
from services.notifier.use_cases.send_mail import SendMail
from services.notifier.use_cases.tell_suppressed import TellSuppressed
from shared.ending import ended
from shared.events import ProviderLimitObserved
from shared.follow_keys import FollowKeys
from shared.health import Check, Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.operators import Operators
from shared.periodic import periodically
from shared.publish_together import PublishTogether
from shared.redis import redis_client
from shared.redis_fit import RedisFit
from shared.sealing import Unsealer
from shared.telemetry import trace_headers


def build(settings: NotifierSettings, reread: Callable[[], NotifierSettings] | None = None) -> FastAPI:
    """`reread` says what the settings are by now; of what has changed, the keys are used."""
    bus = EventBus("notifier", settings)
    redis = redis_client(settings.redis_url.get_secret_value(), settings.redis_access)
    per_minute = {name: ceil(60 * rate) for name, rate in settings.per_second.items()}
    observe = ObserveProviders(RedisMinutes(redis), per_minute, bus.publisher.publish, now)
    limits = bus.follow(ProviderLimitObserved, observe.told, observe.unreadable)
    providers = Providers(redis, settings, observe.answered)
    operators = Operators(settings)
    bulk = RedisBucket(redis, "bulk", settings.bulk_per_second, 1.25 * BEAT_S)
    turns = Turns(bulk.turn, settings.announcements_at_once)
    report = ReportOutcome(PublishTogether(bus.publisher))
    claims = redis_claims(redis, settings)
    suppression_keys = Keyring.parse(settings.suppression_keys.get_secret_value())
    hashes, labels = AddressHashes(suppression_keys), SignedLabels(suppression_keys)
    suppressions = RedisSuppressions(redis, hashes, settings.suppression_terms)
    suppressed = RedisSuppressedAccounts(redis, hashes)
    tell_suppressed = TellSuppressed(suppressed, settings.suppression_terms, bus.publisher.publish, now)

    def label(due: MailDue, attempt: int) -> Mapping[str, str]:
        return labels.texts(MailLabels.of(due, attempt, trace_headers()))

    def use_suppression_keys(keys: Keyring) -> None:
        hashes.use(keys)
        labels.use(keys)

    send = SendMail(Ledger(claims, suppressions, tell_suppressed), providers.deliver, report, label, now)
    give_up = GiveUpMail(claims, report, now)
    unsealer = Unsealer(Keyring.parse(settings.sealing_private_keys.get_secret_value()))
    uses = {"sealing_private_keys": unsealer.use, "suppression_keys": use_suppression_keys}
    follow_keys = FollowKeys(settings, reread or (lambda: settings), uses)
    templates = read_templates(settings)
    compose_passcode = ComposePasscodeMail(unsealer, templates, now)
    register_passcodes(bus, send, give_up, compose_passcode, settings.sends_at_once)
    register_notices(bus, send, give_up, ComposeNoticeMail(unsealer, templates), turns)
    register_closings(bus, CloseChallenge(claims))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with operators, providers:
            bus.start()
            beat = partial(observe.beat, limits.caught_up)
            background = (
                asyncio.create_task(periodically("key-files", settings.key_refresh_s, follow_keys)),
                asyncio.create_task(periodically("provider-limits", OBSERVED_EVERY_S, beat)),
            )
            yield
            await ended(*background)
            await tell_suppressed.stop()
            await bus.stop()
        await redis.aclose()

    checks: dict[str, Check] = {"kafka": bus.healthy, "redis": RedisFit(redis), "provider": providers.healthy}
    app = http_service("Gatepost notifier", Health(checks), lifespan, larger={WEBHOOK: MOST_BODY_BYTES})
    publish = bus.publisher.publish_all
    take = delivery_reports(redis, settings, suppressions, tell_suppressed, publish, labels.read)
    app.include_router(routes(settings, suppressions, tell_suppressed, take, operators, now))
    return app
