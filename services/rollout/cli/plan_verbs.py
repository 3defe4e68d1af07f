"""`gatepost plans submit|approve|reject|start|pause|resume|cancel`: what becomes of a plan."""

from services.rollout.cli import options
from services.rollout.cli.nouns import PLANS
from services.rollout.cli.pass_on import pass_on
from services.rollout.cli.plans import in_full
from services.rollout.cli.records import PLAN, find
from services.rollout.cli.session import Session, verb


@verb(PLANS, "submit")
def submit(session: Session, plan: options.PlanId, revision: options.Revision = None) -> None:
    """Ask for review."""
    _pass_on(session, plan, "submit", revision, so="in-review")


@verb(PLANS, "approve")
def approve(session: Session, plan: options.PlanId, revision: options.Revision = None) -> None:
    """Say yes to all of it, as another person than wrote any of it."""
    _pass_on(session, plan, "approve", revision, so=None)


@verb(PLANS, "reject")
def reject(session: Session, plan: options.PlanId, reason: options.Reason, revision: options.Revision = None) -> None:
    """Say no, also after a yes."""
    _pass_on(session, plan, "reject", revision, so="rejected", because=reason)


@verb(PLANS, "start")
def start(session: Session, plan: options.PlanId, revision: options.Revision = None) -> None:
    """Have it followed from now on."""
    _pass_on(session, plan, "start", revision, so="running")


@verb(PLANS, "pause")
def pause(session: Session, plan: options.PlanId, reason: options.Reason, revision: options.Revision = None) -> None:
    """Leave its regions where they are, at once."""
    _pass_on(session, plan, "pause", revision, so="paused", because=reason)


@verb(PLANS, "resume")
def resume(session: Session, plan: options.PlanId, revision: options.Revision = None) -> None:
    """Have it followed again, one step at a time."""
    _pass_on(session, plan, "resume", revision, so="running")


@verb(PLANS, "cancel")
def cancel(session: Session, plan: options.PlanId, reason: options.Reason, revision: options.Revision = None) -> None:
    """Give it up; its regions stay where they are."""
    _pass_on(session, plan, "cancel", revision, so="cancelled", because=reason)


def _pass_on(
    session: Session, plan: str, verb: str, revision: int | None, *, so: str | None, because: str = ""
) -> None:
    found = find(session.rollout, PLAN, plan)
    passed = pass_on(session, PLAN, found, verb, revision, so=so, because=because)
    session.screen.answer(passed, *in_full(passed))
