"""RFC 9470: who is signed in is told how to be signed in strongly enough."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from services.auth.api.problem_types import INSUFFICIENT
from services.auth.api.signed_in import InsufficientAuthentication


def insufficient(asked: Mapping[str, str]) -> JSONResponse:
    """`asked` are `acr_values` and `max_age` of RFC 9470 §3, and our own `purpose`."""
    wanted = "".join(f', {name}="{value}"' for name, value in asked.items())
    headers = {"WWW-Authenticate": f'Bearer error="insufficient_user_authentication"{wanted}'}
    return INSUFFICIENT(headers=headers, **asked)


def install_insufficient_handler(app: FastAPI) -> None:
    async def handle(_: Request, error: Exception) -> Response:
        assert isinstance(error, InsufficientAuthentication)
        return insufficient(error.asked)

    app.add_exception_handler(InsufficientAuthentication, handle)
