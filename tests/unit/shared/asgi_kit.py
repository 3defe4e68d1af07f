"""Calls an ASGI application as a server would, one request at a time and without a socket."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raised: BaseException | None = None  # what reached the server after the answer

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def announced(body: bytes) -> dict[str, str]:
    return {"content-type": "application/json", "content-length": str(len(body))}


async def call(
    app: ASGIApp, method: str, path: str, body: bytes | Sequence[bytes] = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """`body` as a sequence arrives chunk by chunk and without an announced length."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    if headers is None:
        headers = announced(body) if isinstance(body, bytes) else {"content-type": "application/json"}
    route, _, query = path.partition("?")
    answer = Answer()

    async def receive() -> Message:
        if not chunks:
            return {"type": "http.disconnect"}
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": route,
        "raw_path": quote(route).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    try:
        await app(scope, receive, send)
    except Exception as error:
        answer.raised = error
    return answer
