"""Why something cannot be done with a change, as problems."""

from typing import Final

from fastapi.responses import Response

from services.rollout.api.conditional import Unusable, version_tag
from services.rollout.api.region_bodies import UNKNOWN_REGION
from services.rollout.domain.change import ChangeObjection
from services.rollout.domain.region import Objection
from services.rollout.use_cases.changes import Refusal, Refused, Why
from shared.problem import ProblemType

MALFORMED_PRECONDITION: Final = ProblemType(
    400, "malformed-precondition", 'Either If-Match: "<version>" or If-None-Match: *'
)
PRECONDITION_REQUIRED: Final = ProblemType(
    428,
    "precondition-required",
    "Say what is expected: If-Match or If-None-Match: *",
    "neither `If-Match` nor `If-None-Match`",
)
REGION_EXISTS: Final = ProblemType(
    409,
    "region-exists",
    "A region of that name exists",
    "`If-None-Match: *` for a region that does; `current_version` says where it stands",
    {"current_version": 3},
)
VERSION_CONFLICT: Final = ProblemType(
    412,
    "version-conflict",
    "The region stands at another version",
    "another version stands; `current_version` says which",
    {"current_version": 3},
)
REVISION_CONFLICT: Final = ProblemType(
    412,
    "revision-conflict",
    "It stands at another revision",
    "somebody did something with it; `current_revision` says where it stands",
    {"current_revision": 3},
)
UNKNOWN_CHANGE: Final = ProblemType(404, "unknown-change", "There is no change of that id")
UNKNOWN_PLAN: Final = ProblemType(404, "unknown-plan", "There is no plan of that id")
REGION_IN_ANOTHER_PLAN: Final = ProblemType(
    409, "region-in-another-plan", "A plan that runs has a region of this one", "two plans would halt each other"
)
KEY_USED: Final = ProblemType(
    409, "idempotency-key-used", "That key stands for another change or plan", "the key came before, with another body"
)
WRONG_STATE: Final = ProblemType(
    409, "change-not-in-this-state", "A change in this state cannot be dealt with so", "its state forbids it"
)
OWN_CHANGE: Final = ProblemType(403, "own-change", "Whoever wrote any of a change does not approve it")
TWO_PEOPLE: Final = ProblemType(
    403, "two-person-required", "Another person must approve this first", "it raises, and is not approved as it stands"
)
UNDATED: Final = ProblemType(409, "change-without-date", "A change without a date cannot be scheduled")
EARLY: Final = ProblemType(409, "before-its-date", "It was approved for a later date")
REGION_PAUSED: Final = ProblemType(
    409, "region-paused", "The region is paused, and nothing raises it until somebody resumes it"
)
UNACCEPTABLE: Final = ProblemType(
    422,
    "unacceptable-policy",
    "The region cannot have that policy",
    "`objection` says why",
    {"objection": Objection.BYPASS_LENGTH},
)

_OBJECTIONS: Final = {
    ChangeObjection.STATE: WRONG_STATE,
    ChangeObjection.OWN: OWN_CHANGE,
    ChangeObjection.UNAPPROVED: TWO_PEOPLE,
    ChangeObjection.UNDATED: UNDATED,
    ChangeObjection.EARLY: EARLY,
}


def refused(why: Refused) -> Response:
    match why:
        case ChangeObjection():
            return _OBJECTIONS[why]()
        case Objection():
            return UNACCEPTABLE(objection=why)
        case Refusal(reason, current):
            return refusal(reason, current)


def refusal(why: Why, current: int | None) -> Response:
    headers = {} if current is None else {"ETag": version_tag(current)}
    match why:
        case Why.UNKNOWN_CHANGE:
            return UNKNOWN_CHANGE()
        case Why.UNKNOWN_PLAN:
            return UNKNOWN_PLAN()
        case Why.REGION_IN_ANOTHER_PLAN:
            return REGION_IN_ANOTHER_PLAN()
        case Why.PLAN_STOPPED:
            return WRONG_STATE()
        case Why.UNKNOWN_REGION:
            return UNKNOWN_REGION()
        case Why.OTHER_CONTENT:
            return KEY_USED()
        case Why.APPLY_AT_PAST:
            return UNACCEPTABLE(objection="apply_at_in_the_past")
        case Why.REGION_EXISTS:
            return REGION_EXISTS(headers=headers, current_version=current)
        case Why.REGION_MOVED:
            return VERSION_CONFLICT(headers=headers, current_version=current)
        case Why.REGION_PAUSED:
            return REGION_PAUSED()
        case Why.REVISION_MOVED:
            return REVISION_CONFLICT(headers=headers, current_revision=current)


def unusable(why: Unusable) -> Response:
    return PRECONDITION_REQUIRED() if why is Unusable.MISSING else MALFORMED_PRECONDITION()
