"""A rollout that answers what a test tells it to, and the command in front of it."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from typer.testing import CliRunner

from services.command_line import app
from services.rollout.domain.change import State
from tests.unit.rollout.cli import samples

TOKEN: Final = "a-token-that-nobody-may-see"
USUAL: Final[Mapping[str, Any]] = {
    "GET /v1/regions": {"regions": [samples.region()]},
    "GET /v1/regions/emea": samples.region(),
    "PUT /v1/regions/emea": samples.region(version=4),
    "GET /v1/regions/emea/propagation": samples.propagation(),
    "GET /v1/regions/emea/guard": samples.GUARD,
    "POST /v1/regions/emea/pause": samples.PAUSE,
    "POST /v1/regions/emea/resume": samples.PAUSE | {"ended_at": "2026-11-29T10:00:00Z", "ended_by": "rosa"},
    "GET /v1/changes": {"changes": [samples.change()], "next": None},
    "POST /v1/changes": samples.change(),
    "GET /v1/changes/ID": samples.change(State.IN_REVIEW),
    "PUT /v1/changes/ID": samples.change(),
    "GET /v1/changes/ID/preview": samples.PREVIEW,
    "POST /v1/changes/ID/VERB": samples.change(),
    "POST /v1/previews": samples.PREVIEW,
    "GET /v1/plans": {"plans": [samples.plan()], "next": None},
    "POST /v1/plans": samples.plan(),
    "GET /v1/plans/ID": samples.plan("completed"),
    "PUT /v1/plans/ID": samples.plan(),
    "POST /v1/plans/ID/VERB": samples.plan(),
    "GET /v1/audit": {"entries": samples.audit(), "next": None},
    "GET /v1/audit/head": samples.head(),
}


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Problem:
    status: int
    name: str
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        return {"type": f"urn:gatepost:problem:{self.name}", "title": "No", "status": self.status, **self.more}


@dataclass
class StubRollout:
    """`answers` by method and path: a document, a Problem, or a list of them, of which the last stays."""

    url: str
    answers: dict[str, Any]
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        self.asked.append(asked)
        path = re.sub(rf"{samples.ID}(/(?!preview)\w+)?", lambda found: "ID/VERB" if found[1] else "ID", asked.path)
        answer = self.answers.get(f"{asked.method} {path.partition('?')[0]}", Problem(404, "not-found"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return (answer.status, answer.body) if isinstance(answer, Problem) else (200, answer)

    def sent(self, method: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method]

    def run(self, *words: str, **environment: str) -> "Ended":
        told = {"GATEPOST_ROLLOUT_URL": self.url, "GATEPOST_TOKEN": TOKEN, **environment}
        result = CliRunner().invoke(app, list(words), env=told, prog_name="gatepost")
        assert TOKEN not in result.output + result.stderr
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@contextmanager
def stub_rollout() -> Iterator[StubRollout]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = stub.answer(
                Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            )
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = handle_one

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub = StubRollout(f"http://127.0.0.1:{server.server_port}", dict(USUAL))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
