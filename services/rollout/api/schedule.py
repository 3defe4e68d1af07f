"""`GET /v1/schedule`: public, for people who ask when it is their region's turn."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Header
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from services.rollout.api.conditional import already_has
from services.rollout.api.languages import spoken
from services.rollout.domain.public_words import DEFAULT_LANGUAGE, LABELS
from services.rollout.domain.region import Region
from services.rollout.domain.schedule import PublicState, public_schedule
from shared.events import RegionName
from shared.problem_docs import problems

# Dates move by days; a minute of a cache's age is nobody's harm and spares the database the whole public.
CACHE: Final = "public, max-age=60"


class ListedRegions(Protocol):
    async def all(self) -> list[Region]: ...


class EntryOut(BaseModel):
    region: RegionName
    state: PublicState
    label: str = Field(description="the state in the reader's language (`Accept-Language`), English if we lack it")
    announce_at: AwareDatetime | None = Field(description="when the people of the region are told")
    enforce_at: AwareDatetime | None = Field(description="from when on a code is required")


class ScheduleOut(BaseModel):
    """In order of `enforce_at`, regions without a date last, then by name."""

    regions: list[EntryOut]


def schedule_route(regions: ListedRegions, clock: Callable[[], datetime]) -> APIRouter:
    router = APIRouter(tags=["public"])

    @router.get(
        "/v1/schedule",
        summary="Which region follows when",
        response_model=ScheduleOut,
        responses={304: {"description": "Nothing has changed"}, **problems(503)},
    )
    async def schedule(
        if_none_match: Annotated[str | None, Header()] = None,
        accept_language: Annotated[str | None, Header(examples=["de-AT, de;q=0.9"])] = None,
    ) -> Response:
        language = spoken(accept_language, LABELS, DEFAULT_LANGUAGE)
        entries = public_schedule(await regions.all(), clock())
        told = [EntryOut(label=LABELS[language][entry.state], **asdict(entry)) for entry in entries]
        body = ScheduleOut(regions=told).model_dump_json().encode()
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
            "Cache-Control": CACHE,
            "Content-Language": language,
            "Vary": "Accept-Language",
        }
        if already_has(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    return router
