"""`gatepost plans list|show|watch`: how far the waves are."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import RenderableType

from services.rollout.cli import options, plan_tables
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.nouns import PLANS
from services.rollout.cli.records import PLAN, find
from services.rollout.cli.session import Session, verb

LOOK_EVERY_S: Final = 2.0


@verb(PLANS, "list")
def list_plans(
    session: Session,
    state: Annotated[list[str] | None, typer.Option(metavar="STATE", help="may be given several times")] = None,
    limit: options.Limit = 50,
    cursor: options.Cursor = None,
) -> None:
    """Plans, the newest first."""
    found = session.rollout.get("/v1/plans", state=state, limit=limit, cursor=cursor)
    session.screen.answer(found, plan_tables.plans(found["plans"]))


@verb(PLANS, "show")
def show(session: Session, plan: options.PlanId) -> None:
    """One plan, and what each of its regions does next."""
    found = find(session.rollout, PLAN, plan)
    session.screen.answer(found, *in_full(found))


@verb(PLANS, "watch")
def watch(session: Session, plan: options.PlanId, timeout: options.LongTimeout = None) -> None:
    """Tell each step of a plan, until it is completed or needs a person."""
    end = None if timeout is None else time.monotonic() + timeout
    found, told = find(session.rollout, PLAN, plan), dict[str, str]()
    while True:
        told = _told(session, found, told)
        if found["state"] != "running" or (end is not None and time.monotonic() >= end):
            break
        time.sleep(LOOK_EVERY_S)
        found = _again(session, found)
    if session.screen.as_json:
        session.screen.answer(found)
    if found["state"] != "completed":
        raise Stopped(Exit.NOT_YET, ": ".join(filter(None, (f"it is {found['state']}", found["because"]))))


def in_full(found: Json) -> Sequence[RenderableType]:
    return (plan_tables.plan(found), plan_tables.waves(found["waves"]), plan_tables.course(found["course"]))


def _again(session: Session, before: Json) -> Json:
    """Rollout may be away for a while."""
    try:
        return session.rollout.get(PLAN.path(before))
    except Stopped as stopped:
        if stopped.code is not Exit.UNAVAILABLE:
            raise
        session.screen.remark(stopped.said)
        return before


def _told(session: Session, found: Json, before: dict[str, str]) -> dict[str, str]:
    """What is new since then is said, a line each."""
    now = {"plan": str(found["state"])} | {each["region"]: plan_tables.next_step(each) for each in found["course"]}
    if not session.screen.as_json:
        for what, step in now.items():
            if before.get(what) != step:
                session.screen.line(f"{datetime.now(UTC):%H:%M:%S}  {what}: {step}")
    return now
