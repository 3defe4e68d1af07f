"""With which code a command ends. Scripts switch on them: a number never changes its meaning."""

from collections.abc import Mapping
from enum import IntEnum
from http import HTTPStatus
from typing import Any, Final

Json = dict[str, Any]
PROBLEM: Final = "urn:gatepost:problem:"


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    MOVED = 5
    UNAVAILABLE = 6
    NOT_YET = 7
    AUDIT_BROKEN = 8
    UNKNOWN_TOKEN = 9
    INTERRUPTED = 130


MEANING: Final[Mapping[Exit, str]] = {
    Exit.DONE: "done, or it was so already",
    Exit.FAILED: "an answer that nobody expects: no rollout, or one of another version",
    Exit.USAGE: "the command itself is wrong; nothing was asked",
    Exit.REFUSED: "refused by a rule: the role, the state, another person, the policy",
    Exit.NOT_FOUND: "there is no such region, change or plan",
    Exit.MOVED: "somebody else was there before; look again",
    Exit.UNAVAILABLE: "rollout, or what it needs, is away; the same command may be repeated",
    Exit.NOT_YET: "what was waited for did not come in time, or takes another person",
    Exit.AUDIT_BROKEN: "the audit does not hold",
    Exit.UNKNOWN_TOKEN: "rollout does not know the token, or not any more",
    Exit.INTERRUPTED: "interrupted from the keyboard",
}
EPILOG: Final = "Exit codes: " + " · ".join(f"{code.value} {meaning}" for code, meaning in MEANING.items())

_OF_STATUS: Final[Mapping[int, Exit]] = {
    HTTPStatus.UNAUTHORIZED: Exit.UNKNOWN_TOKEN,
    HTTPStatus.FORBIDDEN: Exit.REFUSED,
    HTTPStatus.NOT_FOUND: Exit.NOT_FOUND,
    HTTPStatus.CONFLICT: Exit.REFUSED,
    HTTPStatus.PRECONDITION_FAILED: Exit.MOVED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Exit.REFUSED,
    HTTPStatus.UNPROCESSABLE_ENTITY: Exit.REFUSED,
    HTTPStatus.TOO_MANY_REQUESTS: Exit.UNAVAILABLE,
    HTTPStatus.BAD_GATEWAY: Exit.UNAVAILABLE,
    HTTPStatus.SERVICE_UNAVAILABLE: Exit.UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT: Exit.UNAVAILABLE,
}
_NOWHERE: Final = "not-found"  # no such path at all: not a rollout that knows this command


class Stopped(Exception):
    """A command ends here. `problem`: what rollout answered, where it did."""

    def __init__(self, code: Exit, said: str, problem: Json | None = None) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.problem = problem

    @property
    def name(self) -> str:
        """Of the problem; empty without one."""
        return "" if self.problem is None else str(self.problem.get("type", "")).removeprefix(PROBLEM)


def refusal(status: int, problem: Json) -> Stopped:
    """What a problem document (RFC 9457) ends a command with."""
    name = str(problem.get("type", "")).removeprefix(PROBLEM)
    code = Exit.FAILED if name == _NOWHERE else _OF_STATUS.get(status, Exit.FAILED)
    if name == _NOWHERE:
        return Stopped(code, "rollout knows no such request: another version, or --url leads elsewhere", problem)
    told = [str(problem.get("title", status)), *_details(problem)]
    return Stopped(code, f"{': '.join(told)} ({name})", problem)


def _details(problem: Json) -> list[str]:
    fields = [f"{each.get('at')} {each.get('problem')}" for each in problem.get("errors", ())]
    single = [str(problem[member]) for member in ("objection", "dependency") if member in problem]
    return [", ".join(fields + single)] if fields or single else []
