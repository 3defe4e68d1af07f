"""`POST /v1/logins`."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.auth.api.answers import admission, too_many_logins
from services.auth.api.client_address import ClientAddress
from services.auth.api.models import AuthenticatedOut, ChallengeRequiredOut, LoginIn
from services.auth.api.problem_types import ACCOUNT_LOCKED, INVALID_CREDENTIALS, TOO_MANY_LOGINS, USE_SSO
from services.auth.api.tokens import Tokens
from services.auth.domain.challenge import Client
from services.auth.domain.device import DEVICE_PREFIX
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.use_cases.check_password import Credentials
from services.auth.use_cases.log_in import LogIn
from services.auth.use_cases.throttle_passwords import Throttled
from shared.problem_docs import problems

_NOT_ADMITTED: Final = problems(400, INVALID_CREDENTIALS, USE_SSO, ACCOUNT_LOCKED, 413, 422, TOO_MANY_LOGINS, 503)


def login_routes(log_in: LogIn, tokens: Tokens, address_of: ClientAddress) -> APIRouter:
    router = APIRouter(prefix="/v1/logins", tags=["sign in"])

    @router.post(
        "",
        summary="Check a password; answer with a token or with a challenge",
        response_model=AuthenticatedOut,
        responses={202: {"model": ChallengeRequiredOut}, **_NOT_ADMITTED},
    )
    async def post_login(body: LoginIn, request: Request) -> Response:
        address = address_of(request, body.client.ip)
        device = OpaqueToken.parse(body.device_token.get_secret_value(), DEVICE_PREFIX) if body.device_token else None
        given = Credentials(body.username, body.password.get_secret_value(), address, device)
        client = Client(body.client.product, str(address) if address else None, body.client.user_agent)
        result = await log_in(given, client)
        if isinstance(result, Throttled):
            return too_many_logins(result.retry_after_s)
        return admission(tokens, result)

    return router
