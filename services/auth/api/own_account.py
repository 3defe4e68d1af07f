"""`/v1/account/email` and `/v1/account/password`: what its owner changes about an account."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field

from services.auth.api.answers import account_closed, challenge_required, too_many_logins
from services.auth.api.models import ChallengeRequiredOut, RequestBody, Secret
from services.auth.api.problem_types import ACCOUNT_LOCKED, INSUFFICIENT, INVALID_CREDENTIALS, TOO_MANY_LOGINS
from services.auth.api.signed_in import InsufficientAuthentication, SignedIn
from services.auth.api.tokens import Tokens
from services.auth.domain.access import Access
from services.auth.domain.decision import Decision, Outcome
from services.auth.use_cases.change_email import CHANGE_EMAIL, ChangeEmail, StepUpSpent
from services.auth.use_cases.change_password import CHANGE_PASSWORD, ChangePassword, PasswordChanged
from services.auth.use_cases.throttle_passwords import Throttled
from shared.mail_address import MailAddress
from shared.problem_docs import problems


class EmailIn(RequestBody):
    email: MailAddress = Field(examples=["kim@customer.example"])


class PasswordIn(RequestBody):
    """NIST 800-63B-4 §3.1.1.2: eight characters at the least, no rules of composition."""

    current_password: Secret = Field(min_length=1, max_length=1024, examples=["right horse battery"])
    new_password: Secret = Field(min_length=8, max_length=1024, examples=["a better horse battery"])


def own_account_routes(
    change_email: ChangeEmail,
    change_password: ChangePassword,
    tokens: Tokens,
    signed_in: SignedIn,
    now: Callable[[], datetime],
) -> APIRouter:
    router = APIRouter(prefix="/v1/account", tags=["account"])

    @router.put(
        "/email",
        summary="Change the address; a code goes to the new one, and a notice to the old one once it is changed",
        description="Needs the token of a step-up for `change-email`.",
        status_code=202,
        response_model=ChallengeRequiredOut,
        responses=problems(400, 401, INSUFFICIENT, ACCOUNT_LOCKED, 413, 422, 503),
    )
    async def put_email(
        body: EmailIn, access: Annotated[Access, Depends(signed_in.for_purpose(CHANGE_EMAIL))]
    ) -> Response:
        challenge = await change_email.ask(access, body.email, now())
        if challenge is None:
            return account_closed()
        if isinstance(challenge, StepUpSpent):
            raise InsufficientAuthentication(purpose=CHANGE_EMAIL)
        decision = Decision(Outcome.CHALLENGED, challenge.reason, None, challenge.region)
        return challenge_required(tokens, challenge, decision)

    @router.put(
        "/password",
        summary="Change the password; every other session and every trusted device ends",
        description="Needs a login with a second factor in the last minutes, or a step-up for `change-password`.",
        status_code=204,
        responses=problems(400, 401, INSUFFICIENT, INVALID_CREDENTIALS, 413, 422, TOO_MANY_LOGINS, 503),
    )
    async def put_password(
        body: PasswordIn, access: Annotated[Access, Depends(signed_in.fresh_or_for_purpose(CHANGE_PASSWORD))]
    ) -> Response:
        current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
        result = await change_password(access.subject, current, new, access.session_id)
        if isinstance(result, Throttled):
            return too_many_logins(result.retry_after_s)
        if result is PasswordChanged.WRONG:
            return INVALID_CREDENTIALS()
        return Response(status_code=204)

    return router
