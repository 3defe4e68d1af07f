"""What the notifier is asked over HTTP, put together for app.py."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter

from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.adapters.sendgrid_signature import SendGridSignature
from services.notifier.api.sendgrid_webhook import sendgrid_webhook_routes
from services.notifier.api.suppressions import suppression_routes
from services.notifier.settings import NotifierSettings
from services.notifier.use_cases.clear_suppression import ClearSuppression
from services.notifier.use_cases.take_delivery_reports import TakeDeliveryReports
from services.notifier.use_cases.tell_suppressed import TellSuppressed
from shared.caller_check import Callers


def routes(
    settings: NotifierSettings,
    suppressions: RedisSuppressions,
    tell_suppressed: TellSuppressed,
    take: TakeDeliveryReports,
    operators: Callers,
    clock: Callable[[], datetime],
) -> APIRouter:
    signed = SendGridSignature(settings.sendgrid_webhook_keys) if settings.sendgrid_webhook_keys else None
    router = APIRouter()
    router.include_router(sendgrid_webhook_routes(take, signed, clock))
    clear = ClearSuppression(suppressions, suppressions.hashes, tell_suppressed)
    router.include_router(suppression_routes(suppressions, clear, operators))
    return router
