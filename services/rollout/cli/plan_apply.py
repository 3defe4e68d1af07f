"""`gatepost plans apply FILE`: a plan that is kept in git becomes the plan of that name. Whoever approves it is asked
as ever: a file that has changed makes a draft, and voids what was approved."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from services.rollout.cli import options, plan_tables, preview_tables
from services.rollout.cli.client import Rollout
from services.rollout.cli.exits import Json
from services.rollout.cli.nouns import PLANS
from services.rollout.cli.pass_on import pass_on
from services.rollout.cli.plan_file import read_plan
from services.rollout.cli.plan_shape import plan_differences
from services.rollout.cli.plans import in_full
from services.rollout.cli.previews import preview_of
from services.rollout.cli.records import PLAN, act_on, begin, find
from services.rollout.cli.session import Session, verb

_MOST_STEPS: Final = 50  # of one preview


@verb(PLANS, "apply")
def apply(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON; `-`: standard input")],
    submit: Annotated[bool, typer.Option("--submit", help="ask for review too")] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="write it anew although nothing differs: on its regions as they stand now")
    ] = False,
    revision: options.Revision = None,
    dry_run: options.DryRun = False,
) -> None:
    """Make the plan of that name what the file says. Where nothing differs, nothing is done."""
    wanted = read_plan(file)
    standing = _named(session.rollout, wanted["name"])
    differences = plan_differences(standing, wanted)
    if dry_run:
        _preview(session, standing, wanted, differences)
        return
    if differences and standing is not None and standing["approved_by"]:
        session.screen.remark(f"{standing['approved_by']} had approved it as it stood; that does not hold for this")
    done, plan = _written(session.rollout, standing, wanted, revision, anew=bool(differences) or renew)
    if submit and plan["state"] == "draft":
        plan = pass_on(session, PLAN, plan, "submit", None, so="in-review")
    shown = [plan_tables.differences(differences), *in_full(plan)] if differences else [*in_full(plan)]
    session.screen.answer({"done": done, "differences": differences, "plan": plan}, done, *shown)


def _written(
    rollout: Rollout, standing: Json | None, wanted: Json, revision: int | None, *, anew: bool
) -> tuple[str, Json]:
    if standing is not None and not anew:
        return "unchanged", find(rollout, PLAN, standing["id"])
    if standing is None or standing["state"] in PLAN.over:
        before = None if standing is None else standing["id"]
        return "drafted", find(rollout, PLAN, begin(rollout, PLAN, wanted, before)["id"])
    return "edited", find(rollout, PLAN, act_on(rollout, PLAN, standing, None, revision, wanted)["id"])


def _named(rollout: Rollout, name: str) -> Json | None:
    """The newest of that name, also one that is over: a file that has not changed since does not begin it again."""
    return next((plan for plan in _all(rollout) if plan["name"] == name), None)


def _all(rollout: Rollout) -> Iterator[Json]:
    cursor = None
    while True:
        page = rollout.get("/v1/plans", limit=200, cursor=cursor)
        yield from page["plans"]
        cursor = page["next"]
        if cursor is None:
            return


def _preview(session: Session, standing: Json | None, wanted: Json, differences: list[Json]) -> None:
    previews = [
        preview_of(session.rollout, member["region"], _shares(wave["steps"]))
        for wave in wanted["waves"]
        for member in wave["regions"]
    ]
    document = {"plan": standing, "differences": differences, "previews": previews}
    shown = plan_tables.differences(differences), *preview_tables.previews(previews)
    session.screen.answer(document, *shown)


def _shares(steps: list[int]) -> list[int]:
    """As many as a preview takes, the last of them always."""
    every = -(-len(steps) // (_MOST_STEPS - 1)) or 1
    return [*steps[::every], options.EVERYBODY]
