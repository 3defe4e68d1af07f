"""SendGrid's side: `POST /v3/mail/send`, answered and refused in SendGrid's own shapes."""

import asyncio
import json
import math
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from deploy.local.sendgrid_double.break_off import break_off
from deploy.local.sendgrid_double.delivery_events import events_of
from deploy.local.sendgrid_double.event_webhook import EventWebhook
from deploy.local.sendgrid_double.fates import Fate
from deploy.local.sendgrid_double.faults import Fault
from deploy.local.sendgrid_double.mailbox import Mailbox, mails_of
from deploy.local.sendgrid_double.plan import Plan
from deploy.local.sendgrid_double.validate_mail import Refusal, refusals

MAX_BODY_BYTES = 30 * 1024 * 1024
RATE_LIMIT = 600
NO_FAULT, DELIVERED = Fault(), Fate()
MESSAGES = {
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "access forbidden",
    413: "The request is larger than 30 MB.",
    429: "too many requests",
}


def sendgrid_error(status: int, reasons: Iterable[Refusal]) -> web.Response:
    errors = [{"message": reason.message, "field": reason.field, "help": None} for reason in reasons]
    return web.json_response({"errors": errors}, status=status)


class MailApi:
    """The double accepts any API key, as long as there is one."""

    def __init__(
        self,
        mailbox: Mailbox,
        faults: Plan[Fault],
        fates: Plan[Fate],
        webhook: EventWebhook | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._fates = fates
        self._webhook = webhook
        self._clock = clock

    async def send(self, request: web.Request) -> web.StreamResponse:
        """202 and `X-Message-Id`; 400, 401, 413, 415; or what the fault in force says."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return sendgrid_error(401, [Refusal(MESSAGES[401])])
        if request.content_type != "application/json":
            return sendgrid_error(415, [Refusal("Content-Type should be application/json.")])
        try:
            body = json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return sendgrid_error(413, [Refusal(MESSAGES[413])])
        except (ValueError, RecursionError):
            return sendgrid_error(400, [Refusal("Bad Request: the body is not JSON.")])
        wrong = refusals(body)
        if wrong:
            return sendgrid_error(400, wrong)
        fault = self._faults.take() or NO_FAULT
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        answer = self._take(body, fault) if fault.accepts else self._failure(fault.status)
        return answer if fault.fault is None else await break_off(fault.fault, request, answer)

    def _take(self, body: dict[str, Any], fault: Fault) -> web.Response:
        if _sandboxed(body):
            return web.Response(status=200)  # validated and not sent, as documented
        message_id = secrets.token_urlsafe(16)
        if not fault.drop:
            self._deliver(body, message_id, self._fates.take() or DELIVERED)
        return web.Response(status=fault.status, headers={"X-Message-Id": message_id})

    def _deliver(self, body: dict[str, Any], message_id: str, fate: Fate) -> None:
        now = self._clock()
        if fate.arrives:
            for mail in mails_of(body, message_id, now):
                self._mailbox.add(mail)
        if self._webhook is not None:
            events = list(events_of(body, message_id, fate, now, lambda: secrets.token_urlsafe(16)))
            self._webhook.tell(events, fate.delay_s, shuffled=fate.shuffled)

    def _failure(self, status: int) -> web.Response:
        response = sendgrid_error(status, [Refusal(MESSAGES.get(status, "Internal error"))])
        if status == 429:
            resets_at = math.ceil(self._clock().timestamp()) + 1
            response.headers["X-RateLimit-Limit"] = str(RATE_LIMIT)
            response.headers["X-RateLimit-Remaining"] = "0"
            response.headers["X-RateLimit-Reset"] = str(resets_at)
        return response


def _sandboxed(body: dict[str, Any]) -> bool:
    settings = body.get("mail_settings")
    mode = settings.get("sandbox_mode") if isinstance(settings, dict) else None
    return isinstance(mode, dict) and mode.get("enable") is True
