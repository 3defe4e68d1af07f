"""`POST /v1/logins`."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.auth.api.answers import answer, authenticated, refused
from services.auth.api.models import AuthenticatedOut, ChallengeRequiredOut, LoginIn, decision_out
from services.auth.api.tokens import Tokens
from services.auth.domain.challenge import Client
from services.auth.use_cases.log_in import Allowed, Attempt, Challenged, LogIn, Refused
from shared.problem_docs import problems


def login_routes(log_in: LogIn, tokens: Tokens) -> APIRouter:
    router = APIRouter(prefix="/v1/logins", tags=["sign in"])

    @router.post(
        "",
        summary="Check a password; answer with a token or with a challenge",
        response_model=AuthenticatedOut,
        responses={202: {"model": ChallengeRequiredOut}, **problems(400, 401, 403, 413, 422, 503)},
    )
    async def post_login(body: LoginIn) -> Response:
        client = Client(body.client.product, str(body.client.ip or "") or None, body.client.user_agent)
        result = await log_in(Attempt(body.username, body.password.get_secret_value(), client))
        match result:
            case Refused(decision):
                return refused(decision)
            case Allowed(decision, access):
                return authenticated(tokens, access, decision)
            case Challenged(decision, challenge):
                required = ChallengeRequiredOut(
                    challenge_id=challenge.id,
                    challenge_token=tokens.sign_challenge(challenge),
                    expires_at=challenge.expires_at,
                    decision=decision_out(decision),
                )
                return answer(202, required)

    return router
