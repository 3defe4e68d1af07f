"""What goes wrong below HTTP: no answer, a connection cut, a body that trickles."""

import asyncio
import socket
import struct
from typing import Any

from aiohttp import web

from deploy.local.sendgrid_double.faults import Breakage

LOOK_EVERY_S = 0.1
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset and no end of file


async def break_off(kind: Breakage, request: web.Request, answer: web.Response) -> web.StreamResponse:
    """In place of `answer`."""
    if kind == "slow_body":
        return await _trickle(request, answer)
    while kind == "hang" and _is_there(request):
        await asyncio.sleep(LOOK_EVERY_S)
    _reset(request)
    return answer  # which finds no connection any more


async def _trickle(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Spaces, which are no end of any JSON, for as long as the caller has patience."""
    response = web.StreamResponse(status=answer.status, headers={**answer.headers, "Content-Length": "1000000"})
    await response.prepare(request)
    try:
        while _is_there(request):
            await response.write(b" ")
            await asyncio.sleep(LOOK_EVERY_S)
    except ConnectionResetError:
        pass
    _reset(request)
    return response


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _reset(request: web.Request) -> None:
    transport: Any = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
