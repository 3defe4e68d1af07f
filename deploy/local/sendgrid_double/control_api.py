"""Our side: the mails that arrived, and what shall go wrong. Errors are RFC 9457 problems."""

import json

from aiohttp import web

from deploy.local.sendgrid_double.faults import BadFault, FaultPlan, parse_fault
from deploy.local.sendgrid_double.mailbox import Mailbox


def problem(status: int, title: str, detail: str) -> web.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


class ControlApi:
    def __init__(self, mailbox: Mailbox, faults: FaultPlan) -> None:
        self._mailbox = mailbox
        self._faults = faults

    async def list_messages(self, request: web.Request) -> web.Response:
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

    async def delete_messages(self, _request: web.Request) -> web.Response:
        self._mailbox.clear()
        return web.Response(status=204)

    async def show_fault(self, _request: web.Request) -> web.Response:
        """The fault in force, or `{}`."""
        return web.json_response(self._faults.current.as_json() if self._faults.current else {})

    async def set_fault(self, request: web.Request) -> web.Response:
        """Replaces the fault in force and answers with it."""
        try:
            self._faults.current = parse_fault(json.loads(await request.read()))
        except BadFault as error:
            return problem(422, "Unprocessable Content", str(error))
        except (ValueError, RecursionError):
            return problem(400, "Bad Request", "the body is not JSON")
        return await self.show_fault(request)

    async def clear_fault(self, _request: web.Request) -> web.Response:
        self._faults.current = None
        return web.Response(status=204)
