"""`gatepost changes submit|approve|reject|schedule|apply|cancel`: what becomes of a change."""

from services.rollout.cli import options, tables
from services.rollout.cli.changes import show_in_full
from services.rollout.cli.exits import Json
from services.rollout.cli.found_change import act_on, find_change
from services.rollout.cli.nouns import CHANGES
from services.rollout.cli.previews import show_change_preview
from services.rollout.cli.propagation import in_words, must_be_everywhere, propagated
from services.rollout.cli.session import Session, verb


@verb(CHANGES, "submit")
def submit(
    session: Session, change: options.ChangeId, revision: options.Revision = None, dry_run: options.DryRun = False
) -> None:
    """Ask for review."""
    _pass_on(session, change, "submit", "in-review", revision, dry_run)


@verb(CHANGES, "approve")
def approve(
    session: Session, change: options.ChangeId, revision: options.Revision = None, dry_run: options.DryRun = False
) -> None:
    """Say yes, as another person than wrote any of it."""
    _pass_on(session, change, "approve", None, revision, dry_run)


@verb(CHANGES, "reject")
def reject(
    session: Session, change: options.ChangeId, reason: options.Reason, revision: options.Revision = None
) -> None:
    """Say no, also after a yes."""
    _pass_on(session, change, "reject", "rejected", revision, body={"reason": reason})


@verb(CHANGES, "schedule")
def schedule(
    session: Session, change: options.ChangeId, revision: options.Revision = None, dry_run: options.DryRun = False
) -> None:
    """Have it applied at its date."""
    _pass_on(session, change, "schedule", "scheduled", revision, dry_run)


@verb(CHANGES, "cancel")
def cancel(
    session: Session, change: options.ChangeId, reason: options.Reason, revision: options.Revision = None
) -> None:
    """Give it up."""
    _pass_on(session, change, "cancel", "cancelled", revision, body={"reason": reason})


@verb(CHANGES, "apply")
def apply(
    session: Session,
    change: options.ChangeId,
    revision: options.Revision = None,
    dry_run: options.DryRun = False,
    wait: options.Wait = False,
    timeout: options.Timeout = 60,
) -> None:
    """Make it the region's policy, now."""
    found = find_change(session.rollout, change)
    if dry_run:
        show_change_preview(session, found)
        return
    applied = _passed(session, found, "apply", "applied", revision)
    if not wait:
        show_in_full(session, applied)
        return
    held = propagated(session, applied["region"], applied["base_version"] + 1, timeout)
    session.screen.answer(applied | {"propagation": held}, tables.change(applied), in_words(held))
    must_be_everywhere(held)


def _pass_on(
    session: Session,
    change: str,
    verb: str,
    state: str | None,
    revision: int | None,
    dry_run: bool = False,
    body: Json | None = None,
) -> None:
    found = find_change(session.rollout, change)
    if dry_run:
        show_change_preview(session, found)
        return
    show_in_full(session, _passed(session, found, verb, state, revision, body))


def _passed(
    session: Session, found: Json, verb: str, state: str | None, revision: int | None, body: Json | None = None
) -> Json:
    """`state`: in which there is nothing left to do; perhaps the answer never came. None: only another can say that."""
    if revision is None and found["state"] == state:
        session.screen.remark(f"it was {state} already")
        return found
    passed = act_on(session.rollout, found, verb, revision, body)
    return found | passed
