"""What may become of changes and regions, in plain Python: written from docs/decisions/0021, not from the code.

Which way a policy goes is found by asking people: it raises if anybody is asked for a code who was not.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.rollout.domain.region import Policy
from services.rollout.domain.wish import Bypass, Wish
from shared.events import PolicyMode
from tests.contracts.rollout.change_acts import Act, Outcome

OPEN: Final = ("draft", "in-review", "approved", "scheduled")
COHORTS: Final = (0, 99, 100, 2_499, 2_500, 9_999)  # at both sides of each share that is wished for
STAGES: Final = {"off": 0, "shadow": 1}  # then come those that the public schedule shows as begun
FOUR_HOURS: Final = timedelta(hours=4)
_BYPASSED: Final = PolicyMode.BYPASSED
BYPASSABLE: Final = ("ramp", "enforced", "bypassed")


def asked(policy: Policy, cohort: int, is_new: bool) -> bool:
    """Whether somebody is asked for a code; of a bypass once it has ended."""
    match policy.mode.value:
        case "enforced":
            return True
        case "ramp":
            return cohort < policy.percent and not is_new
        case "bypassed":
            return cohort < policy.percent
    return False


def raises(before: Policy | None, after: Policy) -> bool:
    if after.mode.value == "bypassed":
        return True
    if STAGES.get(after.mode.value, 2) > (STAGES.get(before.mode.value, 2) if before else 0):
        return True
    for cohort in COHORTS:
        for is_new in (True, False):
            if asked(after, cohort, is_new) and not (before and asked(before, cohort, is_new)):
                return True
    dates = {"announce_at", "enforce_at"}
    return any(getattr(after, date) not in (None, before and getattr(before, date)) for date in dates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A change. `approved`: by whom, and all that was wanted then."""

    wish: Wish
    base: int
    policy: Policy
    raises: bool
    state: str
    revision: int
    authors: frozenset[str]
    approved: tuple[str, object] | None = None

    @property
    def wanted(self) -> object:
        return self.wish.region, self.base, self.policy, self.wish.reason, self.wish.apply_at

    @property
    def may_hold(self) -> bool:
        if not self.raises:
            return True
        if self.state not in ("approved", "scheduled") or self.approved is None:
            return False
        by, wanted = self.approved
        return by not in self.authors and wanted == self.wanted


@dataclass
class Model:
    """`versions`: of each region its policies, the first made first."""

    changes: dict[UUID, Held] = field(default_factory=dict)
    versions: dict[str, tuple[Policy, ...]] = field(default_factory=dict)

    def copy(self) -> "Model":
        return Model(dict(self.changes), dict(self.versions))

    def do(self, act: Act, now: datetime) -> Outcome:
        if act.verb == "begin":
            return self._begin(act, now)
        if act.verb == "set":
            return self._set(act, now)
        held = self.changes.get(act.change_id)
        if held is None or (act.verb == "edit" and held.wish.region != act.wish.region):
            return "UNKNOWN_CHANGE", 0
        if held.revision != act.revision:
            return "REVISION_MOVED", 0
        match act.verb:
            case "edit":
                return self._edit(act, held, now)
            case "apply":
                return self._apply(act.change_id, held, now)
            case "due":
                refused = self._apply(act.change_id, held, now)
                halts = refused[0] in ("REGION_MOVED", "BYPASS_LENGTH")
                return self._keep(act.change_id, held, "halted") if halts else refused
        return self._decide(act, held)

    def _decide(self, act: Act, held: Held) -> Outcome:
        froms = {"submit": OPEN[:1], "approve": OPEN[1:2], "reject": OPEN[1:], "cancel": OPEN, "schedule": OPEN[:3]}
        tos = {"submit": "in-review", "reject": "rejected", "cancel": "cancelled", "schedule": "scheduled"}
        if act.verb == "approve" and act.actor in held.authors:
            return "OWN", 0
        if act.verb == "schedule" and held.wish.apply_at is None:
            return "UNDATED", 0
        if held.state not in froms[act.verb]:
            return "STATE", 0
        if act.verb == "schedule" and not held.may_hold:
            return "UNAPPROVED", 0
        if act.verb == "approve":
            held = replace(held, approved=(act.actor, held.wanted))
        return self._keep(act.change_id, held, tos.get(act.verb, "approved"))

    def _begin(self, act: Act, now: datetime) -> Outcome:
        if (known := self.changes.get(act.change_id)) is not None:
            same = (known.wish.region, known.wish.reason, known.wish.apply_at) == (
                act.wish.region, act.wish.reason, act.wish.apply_at,
            ) and (
                act.wish.policy.until == known.policy.bypass_until
                if isinstance(act.wish.policy, Bypass)
                else act.wish.policy == known.policy
            )  # fmt: skip
            return (f"again {known.state}", known.revision) if same else ("OTHER_CONTENT", 0)
        drafted = self._drafted(act.wish, frozenset({act.actor}), 0, now)
        return drafted if isinstance(drafted, tuple) else self._keep(act.change_id, drafted, "draft")

    def _edit(self, act: Act, held: Held, now: datetime) -> Outcome:
        edited = self._drafted(act.wish, held.authors | {act.actor}, held.revision, now)
        if isinstance(edited, tuple):
            return edited
        return self._keep(act.change_id, edited, "draft") if held.state in OPEN else ("STATE", 0)

    def _set(self, act: Act, now: datetime) -> Outcome:
        version = len(self.versions.get(act.wish.region, ()))
        if act.revision != version:
            return "UNKNOWN_REGION" if not version else "REGION_MOVED" if act.revision else "REGION_EXISTS", 0
        drafted = self._drafted(act.wish, frozenset({act.actor}), 1, now)
        if isinstance(drafted, tuple):
            return drafted
        if drafted.raises:
            return self._keep(act.change_id, drafted, "in-review")
        self._apply(act.change_id, replace(drafted, state="draft"), now)
        return "region", version + 1

    def _drafted(self, wish: Wish, authors: frozenset[str], revision: int, now: datetime) -> Held | Outcome:
        if wish.apply_at is not None and wish.apply_at <= now:
            return "APPLY_AT_PAST", 0
        versions = self.versions.get(wish.region, ())
        before, policy = versions[-1] if versions else None, wish.policy
        if isinstance(policy, Bypass):
            if before is None or before.mode.value not in BYPASSABLE or not before.percent:
                return "NOTHING_TO_BYPASS", 0
            if not timedelta(0) < policy.until - (wish.apply_at or now) <= FOUR_HOURS:
                return "BYPASS_LENGTH", 0
            policy = Policy(_BYPASSED, before.percent, before.announce_at, before.enforce_at, policy.until)
        return Held(
            wish=wish, base=len(versions), policy=policy, raises=raises(before, policy), state="draft",
            revision=revision, authors=authors,
        )  # fmt: skip

    def _apply(self, change_id: UUID, held: Held, now: datetime) -> Outcome:
        region, apply_at, until = held.wish.region, held.wish.apply_at, held.policy.bypass_until
        if held.state not in OPEN:
            return "STATE", 0
        if not held.may_hold:
            return "UNAPPROVED", 0
        if held.raises and apply_at is not None and now < apply_at:
            return "EARLY", 0
        if until is not None and not timedelta(0) < until - now <= FOUR_HOURS:
            return "BYPASS_LENGTH", 0
        versions = self.versions.get(region, ())
        if len(versions) != held.base:
            return "REGION_MOVED", 0
        self.versions[region] = (*versions, held.policy)
        return self._keep(change_id, held, "applied")

    def _keep(self, change_id: UUID, held: Held, state: str) -> Outcome:
        kept = self.changes[change_id] = replace(held, state=state, revision=held.revision + 1)
        return state, kept.revision
