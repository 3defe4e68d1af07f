"""`gatepost changes list|show|preview|draft|edit`: what is wanted, and by whom."""

from typing import Annotated

import typer

from services.rollout.cli import options, tables
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.nouns import CHANGES
from services.rollout.cli.previews import show_change_preview, show_preview
from services.rollout.cli.records import CHANGE, act_on, begin, find, standing
from services.rollout.cli.session import Session, verb
from services.rollout.cli.wishes import policy_body, replaced


@verb(CHANGES, "list")
def list_changes(
    session: Session,
    region: Annotated[str | None, typer.Option(metavar="REGION")] = None,
    state: Annotated[list[str] | None, typer.Option(metavar="STATE", help="may be given several times")] = None,
    limit: options.Limit = 50,
    cursor: options.Cursor = None,
) -> None:
    """Changes, the newest first."""
    found = session.rollout.get("/v1/changes", region=region, state=state, limit=limit, cursor=cursor)
    session.screen.answer(found, tables.changes(found["changes"]))


@verb(CHANGES, "show")
def show(session: Session, change: options.ChangeId) -> None:
    """One change, and how it differs from what it changes."""
    show_in_full(session, find(session.rollout, CHANGE, change))


@verb(CHANGES, "preview")
def preview(session: Session, change: options.ChangeId) -> None:
    """Whom a change would ask for a code."""
    show_change_preview(session, find(session.rollout, CHANGE, change))


@verb(CHANGES, "draft")
def draft(
    session: Session,
    region: options.Region,
    mode: options.ModeArgument,
    reason: options.Reason,
    percent: options.Percent = None,
    announce_at: options.AnnounceAt = None,
    enforce_at: options.EnforceAt = None,
    apply_at: options.ApplyAt = None,
    dry_run: options.DryRun = False,
) -> None:
    """Begin a change. The same again, while it is open and the region stands where it did, is that change."""
    stands = session.rollout.find(f"/v1/regions/{region}")
    policy = policy_body(stands or {}, mode, percent, reason, announce_at, enforce_at)
    if dry_run:
        show_preview(session, region, stands, policy)
        return
    body = {"region": region, **policy, "apply_at": replaced(None, apply_at)}
    version = stands["version"] if stands else 0
    drafted = begin(session.rollout, CHANGE, body, version)
    if drafted["base_version"] != version:
        told = f"change {drafted['id']} was drafted, but on another version than was seen"
        raise Stopped(Exit.MOVED, f"{told}\n  {standing(session.rollout, region)}")
    show_in_full(session, find(session.rollout, CHANGE, drafted["id"]))


@verb(CHANGES, "edit")
def edit(
    session: Session,
    change: options.ChangeId,
    mode: Annotated[options.Mode | None, typer.Option(metavar="MODE", help="off, shadow, ramp or enforced")] = None,
    reason: options.NewReason = None,
    percent: options.Percent = None,
    announce_at: options.AnnounceAt = None,
    enforce_at: options.EnforceAt = None,
    apply_at: options.ApplyAt = None,
    revision: options.Revision = None,
    dry_run: options.DryRun = False,
) -> None:
    """Write something else into a change. It is a draft again, and whatever was approved is not any more."""
    found = find(session.rollout, CHANGE, change)
    before = found["policy"]
    wanted = options.Mode(before["mode"]) if mode is None else mode
    kept = before["percent"] if wanted is options.Mode.RAMP and before["mode"] == wanted.value else None
    share = kept if percent is None else percent
    policy = policy_body(before, wanted, share, reason or found["reason"], announce_at, enforce_at)
    if dry_run:
        show_preview(session, found["region"], session.rollout.find(f"/v1/regions/{found['region']}"), policy)
        return
    body = {"region": found["region"], **policy, "apply_at": replaced(found["apply_at"], apply_at)}
    edited = act_on(session.rollout, CHANGE, found, None, revision, body)
    show_in_full(session, find(session.rollout, CHANGE, edited["id"]))


def show_in_full(session: Session, change: Json) -> None:
    shown = [tables.change(change)]
    if change["differences"]:
        shown += [tables.differences(change["differences"])]
    session.screen.answer(change, *shown)
