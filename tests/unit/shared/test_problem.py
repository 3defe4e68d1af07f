"""Whatever comes in is answered with problem+json, and the answer repeats nothing of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.exceptions import HTTPException

from shared.health import Health
from shared.http_service import http_service
from shared.problem import problem
from shared.unavailable import DependencyUnavailable
from tests.unit.shared.asgi_kit import Answer, announced, call


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(max_length=20)
    secret: SecretStr | None = Field(None, max_length=10)
    count: int = Field(0, strict=True)


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
def app() -> FastAPI:
    app = http_service("test", Health({}), nothing)

    @app.post("/forms/{form_id}")
    async def post(form_id: UUID, form: Form, page: Annotated[int, Query()] = 1) -> dict[str, str]:
        return {"name": form.name}

    @app.get("/unavailable")
    async def unavailable() -> None:
        raise DependencyUnavailable("redis", retry_after=7)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("kim@customer.example 402817")

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "kim@customer.example", headers={"X-Tea": "green"})

    return app


FORM = "/forms/6d3c5b6e-53a6-4f0e-9b7e-0f6a52b2f5f1"


def is_problem(answer: Answer, status: int, name: str) -> bool:
    document = answer.json
    return (
        answer.status == status
        and answer.raised is None
        and answer.headers["content-type"] == "application/problem+json"
        and document["type"] == f"urn:gatepost:problem:{name}"
        and document["status"] == status
        and bool(document["title"])
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "a"',
        b'{"name": "\xff\xfe"}',
        b"\xff\xfe\x00",
        b'{"name": "a"}}',
        b"'name'",
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b'{"name": "a", "count": ' + b"9" * 5000 + b"}",
        b'{"name": "a", "count": 1e99999}',
        b'{"name": "a", "count": NaN}',
    ],
    ids=lambda body: repr(body[:14]),
)
async def test_a_body_that_is_no_json_is_a_client_error(app: FastAPI, body: bytes) -> None:
    answer = await call(app, "POST", FORM, body)

    assert is_problem(answer, 400, "malformed-request") or is_problem(answer, 422, "invalid-request")


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b"null", ["body"]),
        (b"[]", ["body"]),
        (b'"text"', ["body"]),
        (b"{}", ["body.name"]),
        (b'{"name": 1}', ["body.name"]),
        (b'{"name": null}', ["body.name"]),
        (b'{"name": ["a"]}', ["body.name"]),
        (b'{"name": "a", "count": "1"}', ["body.count"]),
        (b'{"name": "a", "count": 1.5}', ["body.count"]),
        (b'{"name": "a", "count": true}', ["body.count"]),
        (b'{"name": "a", "unknown": 1}', ["body.unknown"]),
        (b'{"name": "\\ud800"}', ["body.name"]),
        (b'{"name": "a", "secret": "kim@customer.example"}', ["body.secret"]),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
async def test_fields_that_do_not_fit_are_named(app: FastAPI, body: bytes, places: list[str]) -> None:
    answer = await call(app, "POST", FORM, body)

    assert is_problem(answer, 422, "invalid-request")
    assert [error["at"] for error in answer.json["errors"]] == places
    assert b"customer.example" not in answer.body


@pytest.mark.parametrize(
    "name", ["\\ud800", "\\udfff\\ud800", "\\u0000", "\\u202e", "a" * 5000, "<script>", "\\u00e9", "\\n", ""]
)
async def test_a_field_name_may_be_anything_and_is_answered_in_plain_letters(app: FastAPI, name: str) -> None:
    answer = await call(app, "POST", FORM, f'{{"name": "a", "{name}": 1}}'.encode())

    assert is_problem(answer, 422, "invalid-request")
    assert answer.body.isascii()
    assert len(answer.body) < 400


async def test_an_answer_never_repeats_a_value(app: FastAPI) -> None:
    sent = {"name": "kim@customer.example" * 3, "secret": "kim@customer.example", "count": "kim@customer.example"}
    answer = await call(app, "POST", f"{FORM}?page=kim@customer.example", json.dumps(sent).encode())

    assert is_problem(answer, 422, "invalid-request")
    assert {error["at"] for error in answer.json["errors"]} == {"body.name", "body.secret", "body.count", "query.page"}
    assert b"kim" not in answer.body


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/x-www-form-urlencoded"])
async def test_another_kind_of_body_is_refused(app: FastAPI, content_type: str) -> None:
    body = b'{"name": "a"}'
    answer = await call(app, "POST", FORM, body, announced(body) | {"content-type": content_type})

    assert is_problem(answer, 422, "invalid-request")


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/forms/%00", 405, "method-not-allowed"),
        ("GET", FORM, 405, "method-not-allowed"),
        ("POST", "/forms/not-a-uuid", 422, "invalid-request"),
        ("POST", "/forms/\x00", 422, "invalid-request"),
        ("POST", f"{FORM}/", 404, "not-found"),
        ("BREW", "/nowhere", 404, "not-found"),
    ],
)
async def test_paths_and_methods_that_are_not_offered(
    app: FastAPI, method: str, path: str, status: int, name: str
) -> None:
    assert is_problem(await call(app, method, path, b'{"name": "a"}'), status, name)


async def test_a_missing_dependency_is_503_with_a_time_to_come_back(app: FastAPI) -> None:
    answer = await call(app, "GET", "/unavailable")

    assert is_problem(answer, 503, "temporarily-unavailable")
    assert answer.headers["retry-after"] == "7"
    assert answer.json["dependency"] == "redis"


async def test_what_nobody_expected_is_500_without_its_message(app: FastAPI) -> None:
    answer = await call(app, "GET", "/broken")

    assert (answer.status, answer.json["type"]) == (500, "urn:gatepost:problem:unexpected")
    assert answer.headers["content-type"] == "application/problem+json"
    assert b"customer" not in answer.body


async def test_an_http_exception_keeps_its_headers_and_not_its_detail(app: FastAPI) -> None:
    answer = await call(app, "GET", "/teapot")

    assert is_problem(answer, 418, "refused")
    assert answer.headers["x-tea"] == "green"
    assert b"customer" not in answer.body


def test_a_problem_has_its_own_members() -> None:
    answer = problem(429, "slow-down", "Slow down", headers={"Retry-After": "3"}, attempts_remaining=0)

    assert json.loads(bytes(answer.body)) == {
        "type": "urn:gatepost:problem:slow-down",
        "title": "Slow down",
        "status": 429,
        "attempts_remaining": 0,
    }
    assert answer.headers["retry-after"] == "3"
