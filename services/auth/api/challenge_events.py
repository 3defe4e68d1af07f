"""`GET /v1/challenges/{id}/events`: where a challenge stands, told as it changes (server-sent events)."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from services.auth.api.answers import closed
from services.auth.api.challenge_token import BY_CHALLENGE, ChallengeTokenIn, challenge_token_needed
from services.auth.api.challenges import PREFIX
from services.auth.api.problem_types import CHALLENGE_CLOSED, CHALLENGE_TOKEN_NEEDED
from services.auth.api.progress_models import ProgressOut
from services.auth.use_cases.follow_challenge import FollowChallenge, Followed, Progress, Quiet
from services.auth.use_cases.verify_challenge import Closed
from shared.event_stream import EventStream
from shared.problem_docs import problems
from shared.unavailable import DependencyUnavailable

AGAIN_MS: Final = 1_500  # a service that was restarted is back by then, or its neighbour answers

_EXAMPLE: Final = (
    'event: progress\ndata: {"state":"open","delivery":{"state":"delivered","at":"2026-11-24T09:00:04Z"},'
    '"attempts_remaining":5,"expires_at":"2026-11-24T09:10:00Z","resend_available_at":"2026-11-24T09:00:30Z",'
    '"retry_at":null}\nretry: 1500\n\n'
)
_STREAM: Final[dict[str, Any]] = {
    "description": "`event: progress` with the body of `GET /v1/challenges/{id}` as its data: at once, and after each "
    "change. Ends with the challenge; when it ends before, call again.",
    "content": {EventStream.media_type: {"schema": {"type": "string"}, "example": _EXAMPLE}},
}


class OpenStreams:
    """How many there are in this process, and may be: each holds two connections. Of one account there may be few, so
    that one password does not take all: who has an app has a challenge more with each login."""

    OF_ONE_ACCOUNT: Final = 20

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[UUID] = Counter()

    @contextmanager
    def one_more(self, account_id: UUID) -> Iterator[None]:
        """Raises: DependencyUnavailable, where there are too many."""
        if self._open.total() >= self._most or self._open[account_id] >= self.OF_ONE_ACCOUNT:
            raise DependencyUnavailable("event-streams", retry_after=10)
        self._open[account_id] += 1
        try:
            yield
        finally:
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]


def challenge_event_routes(follow: FollowChallenge, streams: OpenStreams) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["sign in"])

    @router.get(
        "/events",
        summary="Where a challenge stands, again after each change (server-sent events)",
        response_class=StreamingResponse,
        responses={200: _STREAM, **problems(CHALLENGE_TOKEN_NEEDED, CHALLENGE_CLOSED, 422, 503)},
        openapi_extra=BY_CHALLENGE,
    )
    async def get_events(challenge_id: UUID, token: ChallengeTokenIn) -> Response:
        if token is None:
            return challenge_token_needed()
        followed = follow.changes(challenge_id, token)
        if isinstance(followed, Closed):
            return closed(followed)
        return await EventStream.begun(_events(followed, streams), "otp")

    return router


async def _events(followed: Followed, streams: OpenStreams) -> AsyncGenerator[bytes, None]:
    with streams.one_more(followed.account_id):
        async with aclosing(followed.changes) as changes:
            async for each in changes:
                yield _event(each)


def _event(each: Progress | Quiet) -> bytes:
    if isinstance(each, Quiet):
        return KEEPALIVE_COMMENT
    shown = ProgressOut.of(each).model_dump_json()
    return format_sse_event(event="progress", data_str=shown, retry=AGAIN_MS)
