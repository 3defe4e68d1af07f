"""`POST /v1/webhooks/sendgrid`: what SendGrid reports of our mails. Nothing of it is believed before its signature."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from services.notifier.use_cases.take_delivery_reports import TakeDeliveryReports
from shared.problem import INVALID, MALFORMED, ProblemType
from shared.problem_docs import problems
from shared.telemetry import meter
from shared.unavailable import DependencyUnavailable

PATH: Final = "/v1/webhooks/sendgrid"
# SendGrid posts once a second, or at 768 kB; 1,000 events with our labels are 0.6 MB. Read before the signature can be
# checked, so not much more than that.
MOST_BODY_BYTES: Final = 2 * 1_048_576
WINDOW_S: Final = 300
# Anybody can make us read: 32 MB at most, and nobody for long.
READ_AT_ONCE: Final = 16
READ_S: Final = 10.0
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/]{80,126}={0,2}")  # base64 of a DER pair of numbers of P-256

NOT_SET_UP: Final = ProblemType(404, "webhook-not-set-up", "No key of SendGrid's event webhook is known here")
NOT_SIGNED: Final = ProblemType(403, "webhook-not-signed", "SendGrid did not sign this", "body, time and signature")
NOT_RECENT: Final = ProblemType(
    403, "webhook-not-recent", "This was signed at another time", f"more than {WINDOW_S} s from now"
)

_refused: Final = meter.create_counter(
    "gatepost.mail.webhook.refused",
    description="requests by reason: not-set-up, not-signed, not-recent, malformed, too-slow",
)

_EXAMPLE: Final = [
    {
        "email": "kim@customer.example",
        "event": "delivered",
        "timestamp": 1_795_514_400,
        "sg_event_id": "ZGVsaXZlcmVkLTAtNDU2",
        "message_id": "0b2fc7a2-0f4f-4d5b-93d8-9c5f8f0a6d11",
    }
]
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "as SendGrid documents it; events of mails that are not ours are passed over",
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
                "example": _EXAMPLE,
            }
        },
    }
}

Signed = Callable[[bytes, str, str], bool]
"""Whether a body was signed: (body, signature, timestamp)."""


def sendgrid_webhook_routes(
    take: TakeDeliveryReports, signed: Signed | None, clock: Callable[[], datetime]
) -> APIRouter:
    """`signed` None: no key is known, and all is refused."""
    router = APIRouter(tags=["webhooks"])
    reading = asyncio.Semaphore(READ_AT_ONCE)

    @router.post(
        PATH,
        summary="What SendGrid reports of our mails",
        description="Answers once all of it is on Kafka; until then 503, and SendGrid sends it again.",
        status_code=204,
        responses=problems(400, NOT_SIGNED, NOT_RECENT, NOT_SET_UP, 413, 422, 503),
        openapi_extra=_BODY,
    )
    async def post_events(
        request: Request,
        signature: Annotated[str, Header(alias="X-Twilio-Email-Event-Webhook-Signature")] = "",
        timestamp: Annotated[str, Header(alias="X-Twilio-Email-Event-Webhook-Timestamp")] = "",
    ) -> Response:
        if signed is None:
            return _refuse(NOT_SET_UP, "not-set-up")
        if not _is_recent(timestamp, clock()):
            return _refuse(NOT_RECENT, "not-recent")
        if not _SIGNATURE.fullmatch(signature):
            return _refuse(NOT_SIGNED, "not-signed")
        try:
            async with asyncio.timeout(READ_S), reading:
                body = await request.body()
        except TimeoutError:
            _count("too-slow")
            raise DependencyUnavailable("webhook") from None
        except ClientDisconnect:
            return _refuse(MALFORMED, "malformed")  # which nobody reads
        if not signed(body, signature, timestamp):
            return _refuse(NOT_SIGNED, "not-signed")
        try:
            events = json.loads(body)
        except (ValueError, RecursionError):
            return _refuse(MALFORMED, "malformed")
        if not isinstance(events, list):
            _count("malformed")
            return INVALID(errors=[{"at": "body", "problem": "list_type"}])
        await take(events)
        return Response(status_code=204)

    return router


def _is_recent(timestamp: str, now: datetime) -> bool:
    """Seconds since 1970; at most 11 digits, so that no arithmetic overflows."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW_S


def _refuse(kind: ProblemType, reason: str) -> Response:
    _count(reason)
    return kind()


def _count(reason: str) -> None:
    _refused.add(1, {"reason": reason})
