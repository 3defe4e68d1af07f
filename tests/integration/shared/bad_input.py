"""What comes in on a bad day. Each of it must be answered with 4xx and problem+json, never with 5xx."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import ClientSession

from shared.http_service import MAX_BODY_BYTES

JSON = {"content-type": "application/json"}

NO_JSON: tuple[bytes, ...] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"0",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"a": "\xff"}',
    b"[" * 20_000,
    b'{"a":' * 9_000,
    b"1" * 6_000,
    b"NaN",
    b"\x00" * 100,
    b"a" * MAX_BODY_BYTES,
    b"a" * 1_048_576,
)
# For any field: not text, or text that is not what it should be.
NO_VALUE: tuple[str, ...] = (
    "null", "1", "-1", "1.5", "1e400", "9" * 5_000, "true", "[]", "{}", '["a"]', '{"a": 1}', "NaN",
    '""', '"\\ud800"', '"a\\u0000b"', '"\\udcff"', '"a\\nb"', '"' + "a" * 10_240 + '"', '"' + "é" * 10_000 + '"',
)  # fmt: skip
NO_CODE: tuple[str, ...] = (
    '"１２３４５６"', '"123456\\n"', '"\\n123456"', "123456", "12345.6", '"12345"', '"123456789"',
    '"12345a"',
    '"-123456"', '"123456-"', '"123--456"', '"123\\t456"', '"123\\u00a0456"', '"123\\u2009456"', '"123\\u2011456"',
    '"123\\u2013456"', '"123.456"', '"123_456"', '"123 45"', '"1-2"', '" - "', '"      "', '"123456' + " " * 60 + '"',
    '"٠١٢٣٤٥"', '"123\\u0000456"', '"-12345"', '"+12345"', '"1e5"', '"0x1234"', '"¹²³⁴⁵⁶"', '["123456"]',
)  # fmt: skip
# As people type it: a code for them, and none between services.
TYPED_CODE: tuple[str, ...] = ('"123 456"', '"123-456"', '"1234 5678"', '" 402817 "', '"4 0-2 8-1 7"')


def bad_bodies(good: Mapping[str, Any], optional: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """No JSON at all, and `good` with each field missing, wrong, or with one too many. `null` may stand for an
    `optional` field."""
    yield from NO_JSON
    for field in good:
        if field not in optional:
            yield json.dumps({name: value for name, value in good.items() if name != field}).encode()
        for value in NO_CODE if field == "code" else NO_VALUE:
            if not (value == "null" and field in optional):
                yield _with(good, field, value)
    for extra in ('"x": 1', '"\\ud800": 1', '"\\u0000": 1', f'"{"x" * 2_000}": 1', '"__proto__": {}', '"": ""'):
        yield json.dumps(dict(good)).encode()[:-1] + f", {extra}}}".encode()


def _with(good: Mapping[str, Any], field: str, value: str) -> bytes:
    parts = [f"{json.dumps(name)}: {value if name == field else json.dumps(kept)}" for name, kept in good.items()]
    return ("{" + ", ".join(parts) + "}").encode()


async def answers(
    session: ClientSession, method: str, url: str, bodies: Iterator[bytes], headers: Mapping[str, str]
) -> dict[bytes, str]:
    """Of each body that was not refused as it should be: what the answer was instead."""
    wrong = {}
    for body in bodies:
        for chunked in (False, True):
            data = _chunks(body) if chunked else body
            async with session.request(method, url, data=data, headers={**JSON, **headers}) as response:
                text = await response.text()
                kind = response.headers.get("content-type")
                if not 400 <= response.status < 500 or kind != "application/problem+json":
                    wrong[body[:120]] = f"{response.status} {kind} {text[:200]}"
                elif json.loads(text)["status"] != response.status or len(text) > 4_000:
                    wrong[body[:120]] = text[:200]
    return wrong


async def _chunks(body: bytes) -> Any:
    """Without an announced length."""
    for start in range(0, len(body), 30_000):
        yield body[start : start + 30_000]
