"""`GET /v1/events`: what is done at rollout, told as it happens (server-sent events)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from services.rollout.api.audit import AuditEntryOut
from services.rollout.api.propagation import PropagationOut
from services.rollout.domain.audit import AuditEntry
from services.rollout.domain.propagation import Propagation
from services.rollout.domain.roles import ROLES
from services.rollout.use_cases.follow_rollout import Begun, FollowRollout, Quiet, Told
from shared.caller_check import Callers, role_required
from shared.event_stream import EventStream
from shared.problem_docs import problems
from shared.unavailable import DependencyUnavailable

MOST_STREAMS: Final = 100  # of an instance: each asks PostgreSQL twice a second
AGAIN_MS: Final = 1_500

_STREAM: Final[dict[str, Any]] = {
    "description": "`event: audit` with an entry of `GET /v1/audit`, its number as `id`; `event: propagation` with the "
    "body of `GET /v1/regions/{region}/propagation`, at once for every region and again when it changes. When the "
    "stream ends, call again with `Last-Event-ID`: no entry is lost.",
    "content": {EventStream.media_type: {"schema": {"type": "string"}, "example": "id: 17\nretry: 1500\n\n"}},
}


def rollout_event_routes(follow: FollowRollout, operators: Callers) -> APIRouter:
    router = APIRouter(tags=["events"])
    operator = role_required(operators, *ROLES)
    open_streams = 0

    async def events(after: int | None) -> AsyncGenerator[bytes, None]:
        nonlocal open_streams
        if open_streams >= MOST_STREAMS:
            raise DependencyUnavailable("event-streams", retry_after=10)
        open_streams += 1
        try:
            async with aclosing(follow(after)) as told:
                async for each in told:
                    yield _event(each)
        finally:
            open_streams -= 1

    @router.get(
        "/v1/events",
        summary="What is done, and how far policies have come, as it happens (server-sent events)",
        dependencies=[Depends(operator)],
        response_class=StreamingResponse,
        responses={200: _STREAM, **problems(401, 403, 422, 503)},
    )
    async def get_events(
        last_event_id: Annotated[
            int | None, Header(ge=0, le=2**53, description="the last entry that was heard; none: only what comes")
        ] = None,
    ) -> Response:
        return await EventStream.begun(events(last_event_id), "postgres")

    return router


def _event(told: Told) -> bytes:
    match told:
        case Begun(last):
            return format_sse_event(id=str(last), retry=AGAIN_MS, comment="begun")
        case AuditEntry():
            body = AuditEntryOut.model_validate(told).model_dump_json()
            return format_sse_event(event="audit", data_str=body, id=str(told.number))
        case Propagation():
            return format_sse_event(event="propagation", data_str=PropagationOut.of(told).model_dump_json())
        case Quiet():
            return KEEPALIVE_COMMENT
