"""`/v1/admin/imports/{import_id}`: accounts as JSON lines in a body of any length; broken off, it is sent again."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from services.auth.api.admin_models import BadLineOut, ImportOut, ProblemsOut
from services.auth.api.admin_roles import ADMIN, VIEW
from services.auth.api.answers import answer
from services.auth.api.problem_types import BODY_BROKEN_OFF, IMPORT_RUNNING, UNKNOWN_IMPORT
from services.auth.domain.account_import import BadLine, ImportProgress
from services.auth.domain.audit import operator
from services.auth.use_cases.import_accounts import ImportAccounts, ImportOvertaken
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.problem_docs import problems

PATH: Final = "/v1/admin/imports"
STREAMED: Final = f"{PATH}/"  # for shared.http_service: these bodies are not held in memory
FIRST: Final = 100
PAGE: Final = 1_000
MOST: Final = 2**63 - 1  # of a bigint

ImportId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="chosen by the caller, one per file")
]
_LINE: Final = '{"username": "kim", "email": "kim@customer.example", "region": "emea"}\n'
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": (
            "One JSON object a line: `username`, `email`, `region`; `password` or `password_hash` (Argon2id, bcrypt, "
            "scrypt or PBKDF2) or neither; and if wanted `locale`, `sso`, `own_mfa`, `status`, `registered_at`. "
            "A body that was broken off is sent again whole: lines that are done are passed over."
        ),
        "content": {"application/x-ndjson": {"schema": {"type": "string"}, "example": _LINE}},
    }
}


class ImportLog(Protocol):
    async def find(self, import_id: str) -> ImportProgress | None: ...

    async def problems(self, import_id: str, after_line: int, limit: int) -> Sequence[BadLine]:
        """Of the bad lines those after `after_line`, in their order."""


def admin_import_routes(importing: ImportAccounts, log: ImportLog, operators: Callers) -> APIRouter:
    router = APIRouter(prefix=PATH + "/{import_id}", tags=["operators"])
    may_look = [Depends(role_required(operators, *VIEW))]
    may_import = role_required(operators, *ADMIN)

    @router.post(
        "",
        summary="Import accounts, or go on with it",
        response_model=ImportOut,
        responses=problems(BODY_BROKEN_OFF, 401, 403, IMPORT_RUNNING, 422, 503),
        openapi_extra=_BODY,
    )
    async def post_import(
        import_id: ImportId, request: Request, caller: Annotated[Caller, Depends(may_import)]
    ) -> Response:
        try:
            done = await importing(import_id, operator(caller.name), request.stream(), lambda _: None)
        except ClientDisconnect:  # nobody reads this; what was done is kept
            return BODY_BROKEN_OFF()
        if isinstance(done, ImportOvertaken):
            return IMPORT_RUNNING()
        return await _shown(log, import_id, done)

    @router.get(
        "",
        summary="How far an import is",
        response_model=ImportOut,
        responses=problems(401, 403, UNKNOWN_IMPORT, 422, 503),
        dependencies=may_look,
    )
    async def get_import(import_id: ImportId) -> Response:
        progress = await log.find(import_id)
        return UNKNOWN_IMPORT() if progress is None else await _shown(log, import_id, progress)

    @router.get(
        "/problems",
        summary="The bad lines, page by page",
        response_model=ProblemsOut,
        responses=problems(401, 403, UNKNOWN_IMPORT, 422, 503),
        dependencies=may_look,
    )
    async def get_problems(import_id: ImportId, after_line: Annotated[int, Query(ge=0, le=MOST)] = 0) -> Response:
        if await log.find(import_id) is None:
            return UNKNOWN_IMPORT()
        page = await _bad_lines(log, import_id, after_line, PAGE)
        following = page[-1].line if len(page) == PAGE else None
        return answer(200, ProblemsOut(problems=page, next_after_line=following))

    return router


async def _shown(log: ImportLog, import_id: str, progress: ImportProgress) -> Response:
    return answer(200, ImportOut.of(import_id, progress, await _bad_lines(log, import_id, 0, FIRST)))


async def _bad_lines(log: ImportLog, import_id: str, after_line: int, limit: int) -> tuple[BadLineOut, ...]:
    return tuple(BadLineOut.model_validate(bad) for bad in await log.problems(import_id, after_line, limit))
