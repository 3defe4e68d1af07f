"""`gatepost changes submit|approve|reject|schedule|apply|cancel`: what becomes of a change."""

from services.rollout.cli import options, tables
from services.rollout.cli.changes import show_in_full
from services.rollout.cli.nouns import CHANGES
from services.rollout.cli.pass_on import pass_on
from services.rollout.cli.previews import show_change_preview
from services.rollout.cli.propagation import in_words, must_be_everywhere, propagated
from services.rollout.cli.records import CHANGE, find
from services.rollout.cli.session import Session, verb


@verb(CHANGES, "submit")
def submit(
    session: Session, change: options.ChangeId, revision: options.Revision = None, dry_run: options.DryRun = False
) -> None:
    """Ask for review."""
    _pass_on(session, change, "submit", revision, so="in-review", dry_run=dry_run)


@verb(CHANGES, "approve")
def approve(
    session: Session, change: options.ChangeId, revision: options.Revision = None, dry_run: options.DryRun = False
) -> None:
    """Say yes, as another person than wrote any of it."""
    _pass_on(session, change, "approve", revision, so=None, dry_run=dry_run)


@verb(CHANGES, "reject")
def reject(
    session: Session, change: options.ChangeId, reason: options.Reason, revision: options.Revision = None
) -> None:
    """Say no, also after a yes."""
    _pass_on(session, change, "reject", revision, so="rejected", because=reason)


@verb(CHANGES, "schedule")
def schedule(
    session: Session, change: options.ChangeId, revision: options.Revision = None, dry_run: options.DryRun = False
) -> None:
    """Have it applied at its date."""
    _pass_on(session, change, "schedule", revision, so="scheduled", dry_run=dry_run)


@verb(CHANGES, "cancel")
def cancel(
    session: Session, change: options.ChangeId, reason: options.Reason, revision: options.Revision = None
) -> None:
    """Give it up."""
    _pass_on(session, change, "cancel", revision, so="cancelled", because=reason)


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
    if dry_run or not wait:
        _pass_on(session, change, "apply", revision, so="applied", dry_run=dry_run)
        return
    found = find(session.rollout, CHANGE, change)
    applied = pass_on(session, CHANGE, found, "apply", revision, so="applied")
    held = propagated(session, applied["region"], applied["base_version"] + 1, timeout)
    session.screen.answer(applied | {"propagation": held}, tables.change(applied), in_words(held))
    must_be_everywhere(held)


def _pass_on(
    session: Session,
    change: str,
    verb: str,
    revision: int | None,
    *,
    so: str | None,
    because: str = "",
    dry_run: bool = False,
) -> None:
    found = find(session.rollout, CHANGE, change)
    if dry_run:
        show_change_preview(session, found)
        return
    show_in_full(session, pass_on(session, CHANGE, found, verb, revision, so=so, because=because))
