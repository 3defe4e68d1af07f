"""`/v1/regions/{region}/announcements`: have people told of what begins, and see what they were told."""

from typing import Annotated, Final, Protocol
from urllib.parse import quote
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import JSONResponse, Response

from services.rollout.api.announcement_bodies import AnnouncementOut, AnnouncementRequest, AnnouncementsOut
from services.rollout.api.region_bodies import UNKNOWN_REGION
from services.rollout.domain.announcement import Announcement, AnnouncementObjection
from services.rollout.domain.roles import RELEASE_MANAGER, ROLES
from services.rollout.use_cases.announce import Announce, Announced, NotAnnounced
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.events import RegionName
from shared.problem import ProblemType
from shared.problem_docs import problems

PATH: Final = "/v1/regions/{region}/announcements"
_KEYS: Final = UUID("0d5b2c0e-7d5c-4a53-8a7e-5f4f6a0c9d11")  # the namespace of ids made of idempotency keys

_KEY_USED: Final = ProblemType(
    409, "idempotency-key-used", "That key stands for another announcement", "the key came before, with another body"
)
_UNANNOUNCEABLE: Final = ProblemType(
    422,
    "unannounceable",
    "That cannot be announced",
    "a date is past, too far or missing; `objection` says which",
    {"objection": AnnouncementObjection.PAST},
)


class ListedAnnouncements(Protocol):
    async def of_region(self, region: str) -> list[Announcement] | None:
        """The newest first; None: no such region."""


Region = Annotated[RegionName, Path(examples=["emea"])]
IdempotencyKey = Annotated[
    str,
    Header(
        pattern=r"^[!-~]{1,128}$",
        description="one for each announcement: whoever repeats a call repeats it",
        examples=["emea-wave-2-notice"],
    ),
]


def announcement_routes(announce: Announce, listed: ListedAnnouncements, operators: Callers) -> APIRouter:
    router = APIRouter(tags=["announcements"])
    release_manager = role_required(operators, RELEASE_MANAGER)
    operator = role_required(operators, *ROLES)

    @router.post(
        PATH,
        status_code=201,
        summary="Have the people of a region told by mail",
        description="Durable when this answers. The same key with the same body is answered again and mails nobody.",
        response_model=AnnouncementOut,
        responses={
            200: {"model": AnnouncementOut, "description": "Announced before with this key"},
            **problems(400, 401, 403, UNKNOWN_REGION, _KEY_USED, 413, 422, _UNANNOUNCEABLE, 503),
        },
    )
    async def post_announcement(
        region: Region,
        body: AnnouncementRequest,
        idempotency_key: IdempotencyKey,
        caller: Annotated[Caller, Depends(release_manager)],
    ) -> Response:
        announcement_id = uuid5(_KEYS, f"{quote(caller.name, safe='@')}/{region}/{idempotency_key}")
        return _answer(await announce(announcement_id, body.wanted(region, caller.name)))

    @router.get(
        PATH,
        summary="What the people of a region were told",
        dependencies=[Depends(operator)],
        response_model=AnnouncementsOut,
        responses=problems(401, 403, UNKNOWN_REGION, 503),
    )
    async def get_announcements(region: Region) -> Response:
        found = await listed.of_region(region)
        if found is None:
            return UNKNOWN_REGION()
        body = AnnouncementsOut(announcements=[AnnouncementOut.of(each) for each in found])
        return JSONResponse(body.model_dump(mode="json"))

    return router


def _answer(outcome: Announced | AnnouncementObjection | NotAnnounced) -> Response:
    match outcome:
        case Announced(announcement, again):
            return JSONResponse(AnnouncementOut.of(announcement).model_dump(mode="json"), 200 if again else 201)
        case NotAnnounced.UNKNOWN_REGION:
            return UNKNOWN_REGION()
        case NotAnnounced.OTHER_CONTENT:
            return _KEY_USED()
        case objection:
            return _UNANNOUNCEABLE(objection=objection)
