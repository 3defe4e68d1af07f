"""`/v1/changes`: begin one, look, write another content into it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import JSONResponse, Response

from services.rollout.api import change_problems as because
from services.rollout.api.change_bodies import ChangeInFullOut, ChangeOut, ChangeRequest, ChangesOut
from services.rollout.api.conditional import Unusable, seen_revision, version_tag
from services.rollout.api.idempotency import IdempotencyKey, id_of
from services.rollout.domain.change import Change, State
from services.rollout.domain.region import Region
from services.rollout.domain.roles import ADMIN, RELEASE_MANAGER, ROLES
from services.rollout.use_cases.changes import Refused
from services.rollout.use_cases.propose_change import ProposeChange, Proposed
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.events import RegionName
from shared.problem_docs import problems

_KEYS: Final = UUID("5f0d7f56-0d0c-4e2f-9c0e-3f8a2f6f9b52")  # the namespace of ids made of idempotency keys
_MOST_LISTED: Final = 200

IfMatch = Annotated[str | None, Header(description='the revision that was seen: `"<revision>"`', examples=['"2"'])]


class KeptChanges(Protocol):
    async def find(self, change_id: UUID) -> Change | None: ...

    async def listed(
        self, *, region: str | None, states: Sequence[State], before: int | None, limit: int
    ) -> list[tuple[int, Change]]: ...


class KeptVersions(Protocol):
    async def at_version(self, name: str, version: int) -> Region | None: ...


def change_routes(
    propose: ProposeChange, changes: KeptChanges, versions: KeptVersions, operators: Callers
) -> APIRouter:
    router = APIRouter(prefix="/v1/changes", tags=["changes"])
    release_manager = role_required(operators, RELEASE_MANAGER, ADMIN)
    operator = role_required(operators, *ROLES)

    @router.post(
        "",
        status_code=201,
        summary="Begin a change",
        response_model=ChangeOut,
        responses={
            200: {"model": ChangeOut, "description": "Begun before with this key"},
            **problems(400, 401, 403, because.KEY_USED, 413, 422, because.UNACCEPTABLE, 503),
        },
    )
    async def post_change(
        body: ChangeRequest, caller: Annotated[Caller, Depends(release_manager)], idempotency_key: IdempotencyKey = None
    ) -> Response:
        change_id = id_of(_KEYS, caller, idempotency_key)
        match await propose.begin(change_id, body.asked, caller.name):
            case Proposed(change, again):
                return _change(change, 200 if again else 201)
            case refused:
                return because.refused(refused)

    @router.get(
        "",
        summary="Changes, the newest first",
        dependencies=[Depends(operator)],
        response_model=ChangesOut,
        responses=problems(401, 403, 422, 503),
    )
    async def list_changes(
        region: RegionName | None = None,
        state: Annotated[list[State], Query(description="any of these; none: all")] = [],  # noqa: B006 - FastAPI copies
        cursor: Annotated[int | None, Query(ge=1, le=2**53, description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = 50,
    ) -> ChangesOut:
        found = await changes.listed(region=region, states=state, before=cursor, limit=limit + 1)
        shown, more = found[:limit], len(found) > limit
        last = str(shown[-1][0]) if more else None
        return ChangesOut(changes=[ChangeOut.of(change) for _, change in shown], next=last)

    @router.get(
        "/{change_id}",
        summary="A change, and how it differs from what it changes",
        dependencies=[Depends(operator)],
        response_model=ChangeInFullOut,
        responses=problems(401, 403, because.UNKNOWN_CHANGE, 422, 503),
    )
    async def get_change(change_id: UUID) -> Response:
        change = await changes.find(change_id)
        if change is None:
            return because.UNKNOWN_CHANGE()
        base = await versions.at_version(change.content.region, change.content.base_version)
        body = ChangeInFullOut.told(change, base).model_dump(mode="json")
        return JSONResponse(body, headers={"ETag": version_tag(change.revision)})

    @router.put(
        "/{change_id}",
        summary="Write another content into a change",
        description="It is a draft again, on the region as it stands now; whatever was approved is not any more.",
        response_model=ChangeOut,
        responses=problems(
            400, because.MALFORMED_PRECONDITION, 401, 403, because.UNKNOWN_CHANGE, because.WRONG_STATE,
            because.REVISION_CONFLICT, 413, 422, because.UNACCEPTABLE, because.PRECONDITION_REQUIRED, 503,
        ),
    )  # fmt: skip
    async def put_change(
        change_id: UUID,
        body: ChangeRequest,
        caller: Annotated[Caller, Depends(release_manager)],
        if_match: IfMatch = None,
    ) -> Response:
        return await on_seen(if_match, lambda revision: propose.edit(change_id, revision, body.asked, caller.name))

    return router


async def on_seen(if_match: str | None, do: Callable[[int], Awaitable[Change | Refused]]) -> Response:
    """Do it on the revision that the caller has seen."""
    seen = seen_revision(if_match)
    if isinstance(seen, Unusable):
        return because.unusable(seen)
    outcome = await do(seen)
    return _change(outcome, 200) if isinstance(outcome, Change) else because.refused(outcome)


def _change(change: Change, status: int) -> Response:
    headers = {"ETag": version_tag(change.revision), "Location": f"/v1/changes/{change.id}"}
    return JSONResponse(ChangeOut.of(change).model_dump(mode="json"), status, headers=headers)
