"""`gatepost regions set|bypass`: another policy, in one call. What raises goes to review."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from services.rollout.cli import options, tables
from services.rollout.cli.client import Rollout, seen
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.nouns import REGIONS
from services.rollout.cli.previews import show_preview
from services.rollout.cli.propagation import in_words, must_be_everywhere, propagated
from services.rollout.cli.records import standing
from services.rollout.cli.session import Session, verb
from services.rollout.cli.wishes import begun_before, policy_body

_REVIEWED: Final = ("in-review", "approved", "scheduled")


@verb(REGIONS, "set")
def set_policy(
    session: Session,
    region: options.Region,
    mode: options.ModeArgument,
    reason: options.Reason,
    percent: options.Percent = None,
    announce_at: options.AnnounceAt = None,
    enforce_at: options.EnforceAt = None,
    create: Annotated[bool, typer.Option("--create", help="a region that does not exist yet")] = False,
    version: options.Version = None,
    dry_run: options.DryRun = False,
    wait: options.Wait = False,
    timeout: options.Timeout = 60,
) -> None:
    """Give a region another policy. What asks fewer people holds at once; what asks more goes to review."""
    stands = None if create else session.rollout.get(f"/v1/regions/{region}")
    body = policy_body(stands or {}, mode, percent, reason, announce_at, enforce_at)
    if dry_run:
        show_preview(session, region, stands, body)
        return
    _put(session, region, stands, body, version, timeout if wait else None)


@verb(REGIONS, "bypass")
def bypass(
    session: Session,
    region: options.Region,
    reason: options.Reason,
    until: Annotated[str | None, typer.Option(parser=options.moment, metavar="TIME", help="when it ends")] = None,
    lasting: Annotated[
        timedelta | None, typer.Option("--for", parser=options.length, metavar="LENGTH", help="such as 90m; 4h at most")
    ] = None,
    version: options.Version = None,
    dry_run: options.DryRun = False,
) -> None:
    """Ask nobody of a region for a code, for 4 hours at most. Another person must approve it."""
    if (until is None) == (lasting is None):
        raise Stopped(Exit.USAGE, "either --for or --until")
    end = until if lasting is None else (datetime.now(UTC) + lasting).replace(microsecond=0).isoformat()
    stands = session.rollout.get(f"/v1/regions/{region}")
    body = {"mode": "bypassed", "bypass_until": end, "reason": reason}
    if dry_run:
        show_preview(session, region, stands, body)
        return
    _put(session, region, stands, body, version, None)


def _put(
    session: Session, region: str, stands: Json | None, body: Json, version: int | None, timeout: int | None
) -> None:
    """`timeout` None: it is not waited for."""
    change = None if stands is None else _asked_before(session.rollout, stands, body)
    applied = None
    if change is None:
        conditions = {"if_none_match": "*"} if stands is None else {"if_match": seen(version or stands["version"])}
        try:
            answer = session.rollout.send("PUT", f"/v1/regions/{region}", body, **conditions)
        except Stopped as stopped:
            if stopped.code is not Exit.MOVED:
                raise
            told = f"{stopped.said}\n  {standing(session.rollout, region)}"
            raise Stopped(stopped.code, told, stopped.problem) from None
        applied, change = (None, answer.body) if "direction" in answer.body else (answer.body, None)
    if applied is None:
        assert change is not None
        _show_review(session, change, waits=timeout is not None)
        return
    found = None if timeout is None else propagated(session, region, applied["version"], timeout)
    shown = [tables.region(applied)] if found is None else [tables.region(applied), in_words(found)]
    session.screen.answer({"region": applied, "change": None, "propagation": found}, *shown)
    if found is not None:
        must_be_everywhere(found)


def _asked_before(rollout: Rollout, stands: Json, body: Json) -> Json | None:
    """The same, in review already: perhaps the answer never came. The end of a bypass is counted from each call."""
    asked = {name: value for name, value in body.items() if name != "bypass_until"}
    listed = rollout.get("/v1/changes", region=stands["region"], state=_REVIEWED)["changes"]
    same = (each for each in listed if each["base_version"] == stands["version"] and begun_before(each, asked))
    return next(same, None)


def _show_review(session: Session, change: Json, *, waits: bool) -> None:
    session.screen.answer({"region": None, "change": change, "propagation": None}, tables.change(change))
    if change["state"] == "in-review":
        session.screen.remark(f"Another person must approve it: gatepost changes approve {change['id']}")
    if waits:
        raise Stopped(Exit.NOT_YET, "it holds once it was approved and applied")
