"""`Authorization: Challenge <token>`: who follows a challenge."""

from typing import Annotated, Any, Final

from fastapi import Depends, Header
from fastapi.responses import JSONResponse

from services.auth.api.problem_types import CHALLENGE_TOKEN_NEEDED

BY_CHALLENGE: Final[dict[str, Any]] = {"security": [{"challenge": []}]}
"""For `openapi_extra`."""


def _token_in(authorization: Annotated[str, Header()] = "") -> str | None:
    scheme, _, token = authorization.partition(" ")
    return (token.strip() or None) if scheme.lower() == "challenge" else None


ChallengeTokenIn = Annotated[str | None, Depends(_token_in)]
"""None: there is none in it."""


def challenge_token_needed() -> JSONResponse:
    return CHALLENGE_TOKEN_NEEDED(headers={"WWW-Authenticate": "Challenge"})
