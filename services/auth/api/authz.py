"""What a gateway asks on every request.

`GET /v1/authz` is most of all requests. It reads its few inputs itself: FastAPI's own reading and checking of
parameters would cost as much as the answer (`make bench`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Scope

from services.auth.api.insufficient import insufficient
from services.auth.api.models import PURPOSE_PATTERN
from services.auth.api.problem_types import INSUFFICIENT, UNAUTHENTICATED
from services.auth.api.signed_in import bearer
from services.auth.api.tokens import Tokens
from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.factor import ACR_EMAIL_OTP, ACRS, satisfies
from services.auth.domain.revocations import Revocations
from shared.problem import INVALID
from shared.problem_docs import problems

_MOST_DIGITS: Final = 9
_LONGEST_NAME: Final = 64
_ANY_ACR: Final = "|".join(ACRS)
_PURPOSE: Final = re.compile(PURPOSE_PATTERN)


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_PARAMETERS: Final = [
    _parameter("aud", {"type": "string", "maxLength": _LONGEST_NAME}, "the product that the token must be for"),
    _parameter("acr", {"type": "string", "enum": list(ACRS)}, "this one or a stronger one is needed (RFC 9470)"),
    _parameter(
        "acr_values",
        {"type": "string", "pattern": f"^({_ANY_ACR})( ({_ANY_ACR}))*$", "examples": [ACR_EMAIL_OTP]},
        "instead of `acr`: any of these, separated by spaces, or a stronger one",
    ),
    _parameter(
        "max_age", {"type": "integer", "minimum": 0, "maximum": 999_999_999}, "seconds since the authentication"
    ),
    _parameter("purpose", {"type": "string", "pattern": PURPOSE_PATTERN}, "of a step-up; left out: a login"),
    {
        "name": "Authorization",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "`Bearer <access token>`",
    },
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gateway wants of the request; None: nothing in particular. Any of `acrs` will do."""

    audience: str | None = None
    acrs: tuple[str, ...] = ()
    max_age_s: int | None = None
    purpose: str = LOGIN_PURPOSE

    def missing_in(self, access: Access, now: datetime) -> dict[str, str] | None:
        """What to ask the person for (RFC 9470 §3); None: it is enough."""
        if access.purpose != self.purpose:
            return {"purpose": self.purpose}
        weak = bool(self.acrs) and not any(satisfies(access.acr, acr) for acr in self.acrs)
        old = self.max_age_s is not None and (now - access.auth_time).total_seconds() > self.max_age_s
        if not weak and not old:
            return None
        wanted = {
            "acr_values": " ".join(self.acrs) or None,
            "max_age": None if self.max_age_s is None else str(self.max_age_s),
        }
        return {name: value for name, value in wanted.items() if value is not None}


_NAMES: Final = {each["name"] for each in _PARAMETERS if each["in"] == "query"}
NOTHING_IN_PARTICULAR: Final = Asked()


def authz_routes(tokens: Tokens, revocations: Revocations, now: Callable[[], datetime]) -> APIRouter:
    router = APIRouter(tags=["gateway"])

    @router.get(
        "/v1/authz",
        summary="Is this request authenticated, strongly and recently enough?",
        description="For nginx `auth_request`, Envoy `ext_authz`, Traefik `forwardAuth`. Needs no database, no Kafka.",
        response_class=Response,
        responses=problems(UNAUTHENTICATED, INSUFFICIENT, 422, 503),
        openapi_extra={"parameters": _PARAMETERS},
    )
    async def authz(request: Request) -> Response:
        scope = request.scope
        asked = _asked(scope["query_string"]) if scope["query_string"] else NOTHING_IN_PARTICULAR
        if isinstance(asked, str):
            return INVALID(errors=[{"at": f"query.{asked}", "problem": "not-understood"}])
        token = bearer(_authorization(scope))
        if token is None:
            return _unauthenticated("Bearer")  # RFC 6750 §3.1: no error code when no token was sent
        access = tokens.read_access(token, asked.audience)
        if access is None or access.session_id in revocations:
            return _unauthenticated('Bearer error="invalid_token"')
        missing = asked.missing_in(access, now()) if access.purpose != LOGIN_PURPOSE or scope["query_string"] else None
        if missing is not None:
            return insufficient(missing)
        return Response(status_code=200, headers=_told(access))

    return router


def _asked(query: bytes) -> Asked | str:
    """Or the name of the parameter that is not understood, and so cannot be met."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in given or name not in _NAMES:
            return name
        given[name] = value
    if {"acr", "acr_values"} <= given.keys():
        return "acr_values"
    acrs, max_age = _acrs(given), given.get("max_age")
    if acrs is None:
        return "acr" if "acr" in given else "acr_values"
    if len(given.get("aud", "")) > _LONGEST_NAME:
        return "aud"
    if max_age is not None and not (max_age.isascii() and max_age.isdigit() and len(max_age) <= _MOST_DIGITS):
        return "max_age"
    purpose = given.get("purpose", LOGIN_PURPOSE)
    if not _PURPOSE.fullmatch(purpose):  # it goes into a header of the answer
        return "purpose"
    return Asked(given.get("aud"), acrs, None if max_age is None else int(max_age), purpose)


def _acrs(given: dict[str, str]) -> tuple[str, ...] | None:
    """None: one of them is none of ours."""
    if "acr" in given:
        acrs: tuple[str, ...] = (given["acr"],)
    elif "acr_values" in given:
        acrs = tuple(dict.fromkeys(given["acr_values"].split(" ")))
    else:
        return ()
    return acrs if all(acr in ACRS for acr in acrs) else None


def _authorization(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value, "latin-1")
    return ""


def _told(access: Access) -> dict[str, str]:
    told = {
        "X-Auth-Subject": str(access.subject),
        "X-Auth-Audience": access.audience,
        "X-Auth-Acr": access.acr,
        "X-Auth-Amr": " ".join(access.amr),
        "X-Auth-Time": str(int(access.auth_time.timestamp())),
        "X-Auth-Scope": " ".join(access.scope),
        "X-Auth-Purpose": access.purpose,
    }
    return told if access.session_id is None else {**told, "X-Auth-Session": str(access.session_id)}


def _unauthenticated(challenge: str) -> JSONResponse:
    return UNAUTHENTICATED(headers={"WWW-Authenticate": challenge})
