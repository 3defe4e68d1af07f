"""`/v1/account/totp`, `/recovery-codes` and `/factors`: the factors of the person who is signed in."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.auth.api.answers import answer
from services.auth.api.factor_models import ConfirmIn, FactorsOut, RecoveryCodesOut, TotpOfferOut
from services.auth.api.problem_types import INSUFFICIENT, INVALID_CODE, NOTHING_TO_CONFIRM, TOO_MANY_ATTEMPTS
from services.auth.api.signed_in import SignedIn
from services.auth.api.too_many_attempts import too_many_attempts
from services.auth.domain.access import Access
from services.auth.domain.masked_address import masked
from services.auth.use_cases.enrol_totp import EnrolTotp, NothingToConfirm, TotpConfirmed
from services.auth.use_cases.make_recovery_codes import MakeRecoveryCodes
from services.auth.use_cases.remove_totp import RemoveTotp
from services.auth.use_cases.show_factors import ShowFactors
from services.auth.use_cases.verify_challenge import TooManyAttempts, Wrong
from shared.problem_docs import problems

PURPOSE: Final = "manage-factors"


def totp_routes(signed_in: SignedIn, enrol: EnrolTotp, remove: RemoveTotp) -> APIRouter:
    router = APIRouter(prefix="/v1/account/totp", tags=["account"])
    strong = signed_in.fresh_or_for_purpose(PURPOSE)

    @router.post(
        "",
        status_code=201,
        summary="Offer a secret to an authenticator app",
        description="It replaces one that was not confirmed; an app that is in use stays in use until then.",
        response_model=TotpOfferOut,
        responses=problems(401, INSUFFICIENT, 503),
    )
    async def post_totp(access: Annotated[Access, Depends(strong)]) -> Response:
        offer = await enrol.start(access.subject)
        pictures = {"qr_svg": offer.qr_code.svg, "qr_png": offer.qr_code.png}
        return answer(201, TotpOfferOut(secret=offer.secret, otpauth_uri=offer.uri, **pictures))

    @router.post(
        "/confirm",
        summary="Take the app into use with a code that it shows",
        response_model=RecoveryCodesOut,
        responses=problems(400, 401, INSUFFICIENT, INVALID_CODE, NOTHING_TO_CONFIRM, 413, 422, TOO_MANY_ATTEMPTS, 503),
    )
    async def post_confirm(body: ConfirmIn, access: Annotated[Access, Depends(strong)]) -> Response:
        result = await enrol.confirm(access.subject, body.code, access.audience)
        match result:
            case TotpConfirmed(recovery_codes):
                return answer(200, RecoveryCodesOut(recovery_codes=recovery_codes))
            case Wrong(remaining):
                return INVALID_CODE(attempts_remaining=remaining)
            case TooManyAttempts():
                return too_many_attempts(result, signed_in.now())
            case NothingToConfirm():
                return NOTHING_TO_CONFIRM()

    @router.delete(
        "", status_code=204, summary="Give up the authenticator app", responses=problems(401, INSUFFICIENT, 503)
    )
    async def delete_totp(access: Annotated[Access, Depends(strong)]) -> None:
        await remove(access.subject, access.audience)

    return router


def factor_routes(signed_in: SignedIn, make_codes: MakeRecoveryCodes, show: ShowFactors) -> APIRouter:
    router = APIRouter(prefix="/v1/account", tags=["account"])

    @router.post(
        "/recovery-codes",
        status_code=201,
        summary="Make ten recovery codes; earlier ones are void",
        response_model=RecoveryCodesOut,
        responses=problems(401, INSUFFICIENT, 503),
    )
    async def post_recovery_codes(
        access: Annotated[Access, Depends(signed_in.fresh_or_for_purpose(PURPOSE))],
    ) -> Response:
        codes = await make_codes(access.subject, access.audience)
        return answer(201, RecoveryCodesOut(recovery_codes=codes))

    @router.get(
        "/factors",
        summary="What this account can prove more than a password with",
        response_model=FactorsOut,
        responses=problems(401, INSUFFICIENT, 503),
    )
    async def get_factors(access: Annotated[Access, Depends(signed_in.session())]) -> Response:
        factors = await show(access.subject)
        shown = FactorsOut(
            totp=factors.totp, recovery_codes_left=factors.recovery_codes_left, email=masked(factors.email)
        )
        return answer(200, shown)

    return router
