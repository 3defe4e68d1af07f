"""What the notifier is asked over HTTP, put together for app.py."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from fastapi import APIRouter

from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.adapters.redis_told import RedisTold
from services.notifier.adapters.sendgrid_signature import SendGridSignature
from services.notifier.api.sendgrid_webhook import sendgrid_webhook_routes
from services.notifier.api.suppressions import suppression_routes
from services.notifier.settings import NotifierSettings
from services.notifier.use_cases.clear_suppression import ClearSuppression
from services.notifier.use_cases.take_delivery_reports import PublishAll, TakeDeliveryReports
from shared.credentials import CredentialBook
from shared.redis import CALL_TIMEOUT_S, RedisClient

TOLD_FOR: Final = timedelta(hours=48)


def routes(
    settings: NotifierSettings,
    redis: RedisClient,
    suppressions: RedisSuppressions,
    publish: PublishAll,
    clock: Callable[[], datetime],
) -> APIRouter:
    # One who tells waits for Kafka once and for Redis three times (take, suppress, settle); the rest is for a busy
    # machine.
    lease = timedelta(seconds=settings.kafka_deadline_s + 3 * CALL_TIMEOUT_S + 1)
    told = RedisTold(redis, uuid4().hex, lease, TOLD_FOR)
    take = TakeDeliveryReports(told, suppressions, publish)
    signed = SendGridSignature(settings.sendgrid_webhook_keys) if settings.sendgrid_webhook_keys else None
    operators = CredentialBook.parse(settings.operators.get_secret_value())
    router = APIRouter()
    router.include_router(sendgrid_webhook_routes(take, signed, clock))
    clear = ClearSuppression(suppressions, suppressions.hashes)
    router.include_router(suppression_routes(suppressions, clear, operators))
    return router
