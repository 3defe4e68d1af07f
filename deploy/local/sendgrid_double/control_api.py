"""Our side: the mails that arrived, and what is planned for the next. Errors are RFC 9457 problems."""

import json
from typing import Generic

from aiohttp import web

from deploy.local.sendgrid_double.mailbox import Mailbox
from deploy.local.sendgrid_double.plan import BadPlan, P, Plan


def problem(status: int, title: str, detail: str) -> web.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


class MessagesApi:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def list(self, request: web.Request) -> web.Response:
        """`?to=ADDRESS` and `?limit=N` (the newest N), both optional; newest last. Has an ETag."""
        limit = request.query.get("limit")
        if limit is not None and not (limit.isascii() and limit.isdigit() and len(limit) <= 9):
            return problem(400, "Bad Request", "limit must be a whole number")
        tag = f'W/"{self._mailbox.revision}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        mails = self._mailbox.mails(request.query.get("to"), None if limit is None else int(limit))
        return web.json_response([mail.as_json() for mail in mails], headers=headers)

    async def delete(self, _request: web.Request) -> web.Response:
        self._mailbox.clear()
        return web.Response(status=204)


class PlanApi(Generic[P]):
    """`kind` is the class whose objects are planned."""

    def __init__(self, plan: Plan[P], kind: type[P]) -> None:
        self._plan = plan
        self._kind = kind

    async def show(self, _request: web.Request) -> web.Response:
        """What is in force, or `{}`."""
        return web.json_response(self._plan.current.as_json() if self._plan.current else {})

    async def set(self, request: web.Request) -> web.Response:
        """Replaces what is in force and answers with it."""
        try:
            self._plan.current = self._kind.parse(json.loads(await request.read()))
        except BadPlan as error:
            return problem(422, "Unprocessable Content", str(error))
        except (ValueError, RecursionError):
            return problem(400, "Bad Request", "the body is not JSON")
        return await self.show(request)

    async def clear(self, _request: web.Request) -> web.Response:
        self._plan.current = None
        return web.Response(status=204)
