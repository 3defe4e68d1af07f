"""`POST /v1/challenges`: trusted callers; `POST /v1/account/step-up`: the owner, inside a session."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from services.auth.api.answers import admission
from services.auth.api.models import AuthenticatedOut, ChallengeRequiredOut, Product, Purpose, RequestBody, UserAgent
from services.auth.api.problem_types import ACCOUNT_LOCKED, INSUFFICIENT, PURPOSE_RESERVED, UNKNOWN_ACCOUNT, USE_SSO
from services.auth.api.signed_in import SignedIn
from services.auth.api.tokens import Tokens
from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.challenge import Client
from services.auth.use_cases.admit_account import Admission
from services.auth.use_cases.step_up import NoChallenge, SignInVouched, StepUp, StepUpAsked
from shared.credentials import Caller
from shared.problem_docs import problems

STEP_UP_ROLE = "step_up"
SIGN_IN_ROLE = "sign_in"
# What this service does itself after a code; a product must not be able to ask for it in somebody's name.
OWN_PURPOSES = frozenset({"session", "manage-factors", "change-email", "confirm-email", "change-password"})

_COMMON: Final = (400, 401, USE_SSO, ACCOUNT_LOCKED, UNKNOWN_ACCOUNT, 413, 422, PURPOSE_RESERVED, 503)


class CallerClientIn(RequestBody):
    """What a caller knows of the program that the person uses; an address of theirs decides nothing here."""

    user_agent: UserAgent | None = None


class ChallengeIn(RequestBody):
    """`purpose` is `login` for a company that checked the password itself, or the action that is to be confirmed."""

    account_id: UUID
    purpose: Purpose
    product: Product = "gatepost"
    client: CallerClientIn | None = None


class StepUpIn(RequestBody):
    purpose: Purpose = "session"


def caller_challenge_routes(
    step_up: StepUp, vouched: SignInVouched, tokens: Tokens, caller_of: Callable[..., Awaitable[Caller]]
) -> APIRouter:
    router = APIRouter(prefix="/v1/challenges", tags=["step-up"])

    @router.post(
        "",
        summary="Challenge an account on the word of a trusted caller",
        response_model=AuthenticatedOut,
        responses={202: {"model": ChallengeRequiredOut}, **problems(*_COMMON, 403)},
    )
    async def post_challenge(body: ChallengeIn, caller: Annotated[Caller, Depends(caller_of)]) -> Response:
        client = Client(body.product, user_agent=body.client.user_agent if body.client else None)
        if body.purpose == LOGIN_PURPOSE:
            _require(caller, SIGN_IN_ROLE)
            return _answer(tokens, await vouched(body.account_id, client))
        _require(caller, STEP_UP_ROLE)
        if body.purpose in OWN_PURPOSES:
            return PURPOSE_RESERVED()
        return _answer(tokens, await step_up(StepUpAsked(body.account_id, body.purpose, client)))

    return router


def own_step_up_routes(step_up: StepUp, tokens: Tokens, signed_in: SignedIn) -> APIRouter:
    router = APIRouter(prefix="/v1/account/step-up", tags=["account"])

    @router.post(
        "",
        summary="Ask for a challenge in one's own session: for a purpose, or to make the session stronger",
        status_code=202,
        response_model=ChallengeRequiredOut,
        responses=problems(*_COMMON, INSUFFICIENT),
    )
    async def post_step_up(body: StepUpIn, access: Annotated[Access, Depends(signed_in.session())]) -> Response:
        if body.purpose in (LOGIN_PURPOSE, "confirm-email"):
            return PURPOSE_RESERVED()
        asked = StepUpAsked(access.subject, body.purpose, Client(access.audience), access.session_id)
        return _answer(tokens, await step_up(asked))

    return router


def _require(caller: Caller, role: str) -> None:
    if role not in caller.roles:
        raise HTTPException(403)


def _answer(tokens: Tokens, result: Admission | NoChallenge) -> Response:
    if isinstance(result, NoChallenge):
        return UNKNOWN_ACCOUNT()
    return admission(tokens, result)
