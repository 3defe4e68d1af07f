"""The composition root of the double."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from deploy.local.sendgrid_double.control_api import MessagesApi, PlanApi, problem
from deploy.local.sendgrid_double.event_webhook import EventWebhook
from deploy.local.sendgrid_double.fates import Fate
from deploy.local.sendgrid_double.faults import Fault
from deploy.local.sendgrid_double.mail_api import MAX_BODY_BYTES, MailApi, sendgrid_error
from deploy.local.sendgrid_double.mailbox import Mailbox
from deploy.local.sendgrid_double.plan import Plan
from deploy.local.sendgrid_double.validate_mail import Refusal

PAGE = Path(__file__).with_name("page")
# A mail's HTML is shown in a sandboxed frame that inherits this policy: it can load nothing and run nothing.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def build_app(clock: Callable[[], datetime], webhook: EventWebhook | None = None) -> web.Application:
    """`clock` gives the time in UTC, aware. Without a webhook nothing is reported."""
    mailbox, faults, fates = Mailbox(), Plan[Fault](), Plan[Fate]()
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_errors_in_the_callers_shape])
    app.router.add_post("/v3/mail/send", MailApi(mailbox, faults, fates, webhook, clock).send)
    messages = MessagesApi(mailbox)
    app.router.add_get("/api/messages", messages.list)
    app.router.add_delete("/api/messages", messages.delete)
    _add_plan(app, "/api/faults", PlanApi(faults, Fault))
    _add_plan(app, "/api/deliveries", PlanApi(fates, Fate))
    if webhook is not None:
        app.cleanup_ctx.append(_while_it_runs(webhook))
    app.router.add_get("/livez", _ok)
    app.router.add_get("/readyz", _ok)
    for path, name in (("/", "mailbox.html"), ("/mailbox.js", "mailbox.js"), ("/mailbox.css", "mailbox.css")):
        app.router.add_get(path, _file(PAGE / name))
    return app


def _add_plan(app: web.Application, path: str, api: PlanApi[Any]) -> None:
    app.router.add_get(path, api.show)
    app.router.add_post(path, api.set)
    app.router.add_delete(path, api.clear)


def _while_it_runs(webhook: EventWebhook) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_app: web.Application) -> AsyncIterator[None]:
        async with webhook:
            yield

    return run


async def _ok(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ready"})


def _file(path: Path) -> Callable[[web.Request], Awaitable[web.FileResponse]]:
    async def serve(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(path, headers=PAGE_HEADERS)

    return serve


@web.middleware
async def _errors_in_the_callers_shape(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        if request.path.startswith("/v3/"):
            response = sendgrid_error(error.status, [Refusal(error.reason.lower())])
        else:
            response = problem(error.status, error.reason, f"{request.method} {request.path}")
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
