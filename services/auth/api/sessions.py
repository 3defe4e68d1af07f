"""`POST /v1/tokens/refresh`, `GET /v1/sessions`, `POST /v1/sessions/revoke`."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field, model_validator

from services.auth.api.answers import answer, tokens_out
from services.auth.api.models import RequestBody, Secret, TokensOut
from services.auth.api.problem_types import INSUFFICIENT, INVALID_REFRESH_TOKEN
from services.auth.api.signed_in import SignedIn
from services.auth.api.tokens import Tokens
from services.auth.domain.access import Access
from services.auth.domain.session import REFRESH_PREFIX, Session
from services.auth.use_cases.own_sessions import OwnSessions
from services.auth.use_cases.refresh_session import Ended, Refreshed, RefreshSession, Replayed
from shared.problem_docs import problems


class RefreshIn(RequestBody):
    refresh_token: Secret = Field(min_length=1, max_length=512, examples=["gpr_…"])


class SessionOut(BaseModel):
    id: UUID
    product: str
    client: str = Field(description="the user agent, or the product", examples=["Editor 4.1 (macOS)"])
    acr: str
    signed_in_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SessionsOut(BaseModel):
    sessions: list[SessionOut]


class RevokeIn(RequestBody):
    """One session, or all of them; neither: the one that asks."""

    session_id: UUID | None = None
    all: bool = Field(False, strict=True)

    @model_validator(mode="after")
    def _one_or_all(self) -> Self:
        if self.session_id is not None and self.all:
            raise ValueError("either one or all")
        return self


class RevokedOut(BaseModel):
    revoked: int


def session_routes(refresh: RefreshSession, own: OwnSessions, tokens: Tokens, signed_in: SignedIn) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["sessions"])

    @router.post(
        "/tokens/refresh",
        summary="Trade a refresh token for a new pair; each is good once",
        response_model=TokensOut,
        responses=problems(400, INVALID_REFRESH_TOKEN, 413, 422, 503),
    )
    async def post_refresh(body: RefreshIn) -> Response:
        match await refresh(body.refresh_token.get_secret_value()):
            case Refreshed(session, token):
                return answer(200, TokensOut(**tokens_out(tokens, session.access, token.text(REFRESH_PREFIX))))
            case Replayed():
                return _not_refreshed("replayed")
            case Ended() as why:
                return _not_refreshed(why)

    @router.get(
        "/sessions",
        summary="Where one is signed in",
        response_model=SessionsOut,
        responses=problems(401, INSUFFICIENT, 503),
    )
    async def get_sessions(access: Annotated[Access, Depends(signed_in.session())]) -> Response:
        sessions = await own.all(access.subject)
        return answer(200, SessionsOut(sessions=[_shown(session, access) for session in sessions]))

    @router.post(
        "/sessions/revoke",
        summary="Sign out: here, there, or everywhere",
        response_model=RevokedOut,
        responses=problems(400, 401, INSUFFICIENT, 413, 422, 503),
    )
    async def post_revoke(body: RevokeIn, access: Annotated[Access, Depends(signed_in.session())]) -> Response:
        only = None if body.all else body.session_id or access.session_id
        return answer(200, RevokedOut(revoked=await own.end(access.subject, only)))

    return router


def _not_refreshed(reason: str) -> Response:
    return INVALID_REFRESH_TOKEN(reason=reason)


def _shown(session: Session, access: Access) -> SessionOut:
    return SessionOut(
        id=session.id,
        product=session.product,
        client=session.client,
        acr=session.acr,
        signed_in_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        current=session.id == access.session_id,
    )
