"""A large body is refused before it is in memory, announced or not."""

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from shared.health import Health
from shared.http_service import MAX_BODY_BYTES, BodyLimit, http_service
from tests.unit.shared.asgi_kit import announced, call


class Form(BaseModel):
    name: str


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
def app() -> FastAPI:
    app = http_service("test", Health({}), nothing, streamed=("/streamed/",))

    @app.post("/form")
    async def form(body: Form) -> int:
        return len(body.name)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/streamed/raw")
    async def streamed(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    return app


FORM = b'{"name": "%s"}'
MEBIBYTE = FORM % (b"a" * 1_048_576)


@pytest.mark.parametrize("path", ["/form", "/raw", "/nowhere"])
async def test_an_announced_megabyte_is_413_and_the_connection_is_not_used_again(app: FastAPI, path: str) -> None:
    answer = await call(app, "POST", path, MEBIBYTE)

    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.json["limit_bytes"] == MAX_BODY_BYTES


@pytest.mark.parametrize("path", ["/form", "/raw"])
async def test_a_megabyte_in_chunks_is_413_too(app: FastAPI, path: str) -> None:
    chunks = [MEBIBYTE[start : start + 16_384] for start in range(0, len(MEBIBYTE), 16_384)]
    answer = await call(app, "POST", path, chunks)

    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_more_than_was_announced_is_413_too(app: FastAPI) -> None:
    answer = await call(app, "POST", "/raw", [b"a" * 40_000, b"a" * 40_000], announced(b"a" * 40_000))

    assert answer.status == 413


async def test_a_path_that_takes_its_body_in_pieces_takes_any(app: FastAPI) -> None:
    whole = await call(app, "POST", "/streamed/raw", MEBIBYTE)
    chunked = await call(app, "POST", "/streamed/raw", [MEBIBYTE, MEBIBYTE])

    assert (whole.status, whole.json) == (200, len(MEBIBYTE))
    assert (chunked.status, chunked.json) == (200, 2 * len(MEBIBYTE))
    assert (await call(app, "POST", "/streamed", MEBIBYTE)).status == 413


@pytest.mark.parametrize("size", [0, 1, MAX_BODY_BYTES - 1, MAX_BODY_BYTES])
async def test_up_to_the_limit_it_is_read(app: FastAPI, size: int) -> None:
    whole = await call(app, "POST", "/raw", b"a" * size)
    chunked = await call(app, "POST", "/raw", [b"a" * (size // 2), b"a" * (size - size // 2)])

    assert (whole.status, whole.json) == (200, size)
    assert (chunked.status, chunked.json) == (200, size)


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "many", ""])
async def test_a_length_that_is_no_number_does_no_harm(app: FastAPI, length: str) -> None:
    answer = await call(app, "POST", "/raw", b"abc", {"content-length": length})

    assert answer.status in (200, 413)
    assert answer.raised is None


async def test_what_is_left_of_a_large_body_is_read_before_the_answer(app: FastAPI) -> None:
    """A connection that is closed with unread bytes is reset, and the client never sees the 413."""
    chunks = [b"a" * 65_536] * 16
    left = list(chunks)
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(f"{message['type']} with {len(left)} left")

    scope = {"type": "http", "path": "/raw", "headers": [(b"content-length", b"1048576")]}
    await BodyLimit(app)(scope, receive, send)

    assert sent == ["http.response.start with 0 left", "http.response.body with 0 left"]
