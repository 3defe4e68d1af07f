"""What every route has in common is described without its doing, and its own words go first."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Header
from fastapi.responses import Response
from pydantic import BaseModel

from shared.health import Health
from shared.http_service import http_service
from shared.problem import ProblemType
from shared.problem_docs import problems
from tests.unit.shared.asgi_kit import call

TAKEN = ProblemType(409, "name-taken", "This name is taken", "somebody was faster", {"taken_by": "kim"})
ODD = ProblemType(422, "odd-name", "This name is odd")


class Form(BaseModel):
    name: str


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = http_service("test", Health({}), nothing)

    @app.post("/forms", response_model=Form, responses=problems(TAKEN, ODD))
    async def post(form: Form, authorization: Annotated[str, Header()] = "") -> Response:
        return TAKEN(taken_by="alex", headers={"Retry-After": "1"})

    @app.get("/forms/{number}", openapi_extra={"security": [{"challenge": []}]})
    async def get(number: int, page: int | None = None, authorization: Annotated[str, Header()] = "") -> Form:
        raise NotImplementedError

    @app.get("/forms")
    async def everything() -> list[Form]:
        raise NotImplementedError

    return app


def operation(app: FastAPI, path: str, method: str) -> Any:
    return app.openapi()["paths"][path][method]


def types(response: Any) -> list[str]:
    (media,) = response["content"].items()
    assert media[0] == "application/problem+json"
    allowed = media[1]["schema"]["properties"]["type"]["enum"]
    assert [example["value"]["type"] for example in media[1]["examples"].values()] == allowed
    return [name.removeprefix("urn:gatepost:problem:") for name in allowed]


def test_a_route_with_a_body_says_what_becomes_of_a_bad_one(app: FastAPI) -> None:
    responses = operation(app, "/forms", "post")["responses"]
    assert types(responses["400"]) == ["malformed-request"]
    assert types(responses["413"]) == ["body-too-large"]


def test_a_problem_is_described_with_its_type_its_example_and_when_it_comes(app: FastAPI) -> None:
    described = operation(app, "/forms", "post")["responses"]["409"]
    assert described["description"] == "`name-taken`: somebody was faster"
    assert types(described) == ["name-taken"]
    assert described["content"]["application/problem+json"]["examples"]["name-taken"]["value"] == {
        "type": "urn:gatepost:problem:name-taken",
        "title": "This name is taken",
        "status": 409,
        "taken_by": "kim",
    }


async def test_a_problem_is_answered_as_it_is_described(app: FastAPI) -> None:
    answer = await call(app, "POST", "/forms", b'{"name": "x"}', {"content-type": "application/json"})
    assert answer.status == 409
    assert answer.json == {
        "type": "urn:gatepost:problem:name-taken",
        "title": "This name is taken",
        "status": 409,
        "taken_by": "alex",
    }
    assert answer.headers["retry-after"] == "1"


def test_what_a_route_says_of_a_status_is_not_overwritten(app: FastAPI) -> None:
    assert types(operation(app, "/forms", "post")["responses"]["422"]) == ["odd-name"]


def test_a_parameter_that_does_not_fit_is_our_problem_and_not_fastapis(app: FastAPI) -> None:
    assert types(operation(app, "/forms/{number}", "get")["responses"]["422"]) == ["invalid-request"]
    assert set(app.openapi()["components"]["schemas"]) == {"Form", "LivenessOut", "ReadinessOut"}


def test_a_route_without_input_has_nothing_to_refuse(app: FastAPI) -> None:
    assert set(operation(app, "/forms", "get")["responses"]) == {"200"}


def test_a_credential_is_a_security_scheme_and_no_parameter(app: FastAPI) -> None:
    assert operation(app, "/forms", "post")["security"] == [{"bearer": []}]
    assert operation(app, "/forms/{number}", "get")["security"] == [{"challenge": []}]
    named = [parameter["name"] for parameter in operation(app, "/forms/{number}", "get")["parameters"]]
    assert named == ["number", "page"]
    assert "security" not in operation(app, "/forms", "get")
    assert app.openapi()["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer"},
        "challenge": {"type": "http", "scheme": "challenge"},
    }


def test_a_parameter_is_left_out_and_never_null(app: FastAPI) -> None:
    _, page = operation(app, "/forms/{number}", "get")["parameters"]
    assert page["schema"]["type"] == "integer"
    assert not page["required"]


def test_the_description_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()
