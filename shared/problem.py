"""Errors as RFC 9457 `application/problem+json`, with a stable `type` that clients may switch on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from shared.unavailable import DependencyUnavailable

TYPE_PREFIX: Final = "urn:gatepost:problem:"
MEDIA_TYPE: Final = "application/problem+json"

_log = structlog.get_logger()


def problem(
    status: int, name: str, title: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> JSONResponse:
    """A problem document. `name` becomes the `type`; `members` are extension members (RFC 9457 §3.2)."""
    body = {"type": TYPE_PREFIX + name, "title": title, "status": status, **members}
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One way to refuse: what a route answers with, and what its description shows (shared/problem_docs.py).

    `when` is for the description; `members` are the extension members of its example.
    """

    status: int
    name: str
    title: str
    when: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *, headers: Mapping[str, str] | None = None, **members: Any) -> JSONResponse:
        return problem(self.status, self.name, self.title, headers=headers, **members)


MALFORMED: Final = ProblemType(400, "malformed-request", "The request could not be read")
INVALID: Final = ProblemType(
    422,
    "invalid-request",
    "The request has fields that do not fit",
    members={"errors": [{"at": "body.name", "problem": "missing"}]},
)
TOO_LARGE: Final = ProblemType(413, "body-too-large", "The body is too large", members={"limit_bytes": 65_536})
UNAVAILABLE: Final = ProblemType(
    503, "temporarily-unavailable", "This cannot be done just now; try again", members={"dependency": "kafka"}
)

# What our own handlers make of a bare status.
COMMON: Final[Mapping[int, ProblemType]] = {
    each.status: each
    for each in (
        MALFORMED,
        ProblemType(401, "unknown-caller", "A valid credential is needed"),
        ProblemType(403, "wrong-role", "This credential may not do that"),
        ProblemType(404, "not-found", "There is nothing here"),
        ProblemType(405, "method-not-allowed", "This method is not offered here"),
        TOO_LARGE,
        INVALID,
        UNAVAILABLE,
    )
}


def unavailable(dependency: str, retry_after: int = 2) -> JSONResponse:
    """503: `dependency` is missing just now."""
    return UNAVAILABLE(headers={"Retry-After": str(retry_after)}, dependency=dependency)


def install_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DependencyUnavailable, _unavailable)
    app.add_exception_handler(Exception, _unexpected)


async def _invalid(_: Request, error: Exception) -> Response:
    """Names what is wrong and where, never the value: it may be a password, and it may not even be text."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(item["type"] == "json_invalid" for item in problems):
        return MALFORMED()
    places = [{"at": _place(item["loc"]), "problem": item["type"]} for item in problems]
    return INVALID(errors=places)


def _place(location: tuple[int | str, ...]) -> str:
    """`body.username`. Names that the caller made up are cut and cleaned: they may be anything."""
    return ".".join(str(part).encode("ascii", "replace").decode()[:64] for part in location)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return of_status(error.status_code)(headers=error.headers)


def of_status(status: int) -> ProblemType:
    """The problem that a bare status is answered with."""
    return COMMON.get(status) or ProblemType(status, "refused", "The request was refused")


async def _unavailable(_: Request, error: Exception) -> Response:
    assert isinstance(error, DependencyUnavailable)
    _log.warning("dependency_unavailable", dependency=error.dependency)
    return unavailable(error.dependency, error.retry_after)


async def _unexpected(request: Request, error: Exception) -> Response:
    route = request.scope.get("route")
    _log.error("unexpected_error", path=getattr(route, "path", "unmatched"), exc_info=error)
    return problem(500, "unexpected", "Something went wrong on our side")
