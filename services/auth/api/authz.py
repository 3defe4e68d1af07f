"""What a gateway asks on every request."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, Response

from services.auth.api.tokens import Tokens
from shared.problem import problem
from shared.problem_docs import problems


def authz_routes(tokens: Tokens) -> APIRouter:
    router = APIRouter(tags=["gateway"])

    @router.get(
        "/v1/authz",
        summary="Is this request authenticated, and how strongly?",
        description="For nginx `auth_request`, Envoy `ext_authz`, Traefik `forwardAuth`. Needs no database, no Kafka.",
        response_class=Response,
        responses=problems(401, 503),
    )
    async def authz(
        authorization: Annotated[str, Header()] = "",
        aud: Annotated[str | None, Query(description="the product that the token must be for", max_length=64)] = None,
    ) -> Response:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return _unauthenticated("Bearer")  # RFC 6750 §3.1: no error code when no token was sent
        access = tokens.read_access(token.strip(), aud)
        if access is None:
            return _unauthenticated('Bearer error="invalid_token"')
        headers = {
            "X-Auth-Subject": str(access.subject),
            "X-Auth-Audience": access.audience,
            "X-Auth-Acr": access.acr,
            "X-Auth-Amr": " ".join(access.amr),
            "X-Auth-Time": str(int(access.auth_time.timestamp())),
        }
        return Response(status_code=200, headers=headers)

    return router


def _unauthenticated(challenge: str) -> JSONResponse:
    headers = {"WWW-Authenticate": challenge}
    return problem(401, "unauthenticated", "A valid access token is needed", headers=headers)
