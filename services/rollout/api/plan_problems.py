"""Why something cannot be done with a plan, as problems."""

from typing import Final

from fastapi.responses import Response

from services.rollout.api.change_problems import refusal
from services.rollout.domain.plan import PlanRefusal
from services.rollout.domain.plan_content import PlanObjection
from services.rollout.use_cases.changes import Refusal
from services.rollout.use_cases.plans import PlanRefused
from shared.problem import ProblemType

WRONG_STATE: Final = ProblemType(
    409, "plan-not-in-this-state", "A plan in this state cannot be dealt with so", "its state forbids it"
)
OWN_PLAN: Final = ProblemType(403, "own-plan", "Whoever wrote any of a plan does not approve it")
TWO_PEOPLE: Final = ProblemType(
    403, "two-person-required", "Another person must approve this first", "it is not approved as it stands"
)
UNACCEPTABLE: Final = ProblemType(
    422,
    "unacceptable-plan",
    "Such a plan cannot be followed",
    "`objection` says why",
    {"objection": PlanObjection.REGION_TWICE},
)

_REFUSALS: Final = {
    PlanRefusal.STATE: WRONG_STATE,
    PlanRefusal.OWN: OWN_PLAN,
    PlanRefusal.UNAPPROVED: TWO_PEOPLE,
}


def plan_refused(why: PlanRefused) -> Response:
    match why:
        case PlanRefusal():
            return _REFUSALS[why]()
        case PlanObjection():
            return UNACCEPTABLE(objection=why)
        case Refusal(reason, current):
            return refusal(reason, current)
