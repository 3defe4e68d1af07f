"""The keys to check a token with, without asking us."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.auth.api.tokens import Tokens
from shared.problem_docs import problems


class KeyOut(BaseModel):
    """RFC 8037."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class KeySetOut(BaseModel):
    keys: list[KeyOut]


def jwks_routes(tokens: Tokens, max_age_s: int) -> APIRouter:
    router = APIRouter(tags=["gateway"])

    @router.get(
        "/.well-known/jwks.json",
        summary="Public keys of the tokens (RFC 7517)",
        description="The next key stands here before the first token is signed with it.",
        response_model=KeySetOut,
        responses=problems(503),
    )
    async def jwks() -> Response:
        return JSONResponse(tokens.jwks(), headers={"Cache-Control": f"public, max-age={max_age_s}"})

    return router
