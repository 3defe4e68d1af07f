"""`gatepost regions pause|resume|guard`: let nothing raise a region, and see why the guard would."""

from services.rollout.cli import options
from services.rollout.cli.guard_tables import figures, pause_fields, verdict
from services.rollout.cli.nouns import REGIONS
from services.rollout.cli.session import Session, verb


@verb(REGIONS, "pause")
def pause(session: Session, region: options.Region, reason: options.Reason) -> None:
    """Let nothing raise a region, at once. Who is asked for a code still is."""
    _told(session, region, "pause", reason)


@verb(REGIONS, "resume")
def resume(session: Session, region: options.Region, reason: options.Reason) -> None:
    """Let a paused region be raised again; the guard forgets what was before."""
    _told(session, region, "resume", reason)


@verb(REGIONS, "guard")
def guard(session: Session, region: options.Region) -> None:
    """What the guard sees of a region, and what it is held to."""
    found = session.rollout.get(f"/v1/regions/{region}/guard")
    shown = [verdict(found)]
    if found["windows"]:
        shown.append(figures(found["windows"]))
    session.screen.answer(found, *shown)


def _told(session: Session, region: str, verb: str, reason: str) -> None:
    found = session.rollout.send("POST", f"/v1/regions/{region}/{verb}", {"reason": reason}).body
    session.screen.answer(found, pause_fields(found))
