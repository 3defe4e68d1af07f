"""Plans, their waves and what their regions do next, as tables."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from services.rollout.cli.exits import Json
from services.rollout.cli.screen import fields, table
from services.rollout.cli.wording import NOTHING, minute, share, short, styled, when


def plans(found: Sequence[Json]) -> Table:
    rows = (
        (short(each["id"]), each["name"], styled(each["state"]), minute(each["changed_at"]), each["author"],
         each["because"] or each["reason"])
        for each in found
    )  # fmt: skip
    return table(("plan", "name", "state", "changed at (UTC)", "author", "because"), rows)


def plan(found: Json) -> Table:
    return fields(
        (
            ("plan", found["id"]),
            ("name", found["name"]),
            ("revision", str(found["revision"])),
            ("state", styled(found["state"])),
            ("because", found["because"]),
            ("reason", found["reason"]),
            ("written by", ", ".join(found["authors"])),
            ("approved by", found["approved_by"]),
            ("changed at", when(found["changed_at"])),
        )
    )


def waves(found: Sequence[Json]) -> Table:
    """Dates are on each region's own clock."""
    rows = (
        (each["name"], _local(each["announce_at"]), _local(each["shadow_at"]), _local(each["begin_at"]),
         each["step_every"], ", ".join(map(share, each["steps"])) or NOTHING,
         ", ".join(f"{member['region']} ({member['time_zone']})" for member in each["regions"]))
        for each in found
    )  # fmt: skip
    return table(("wave", "announced at", "shadow from", "begins at", "every", "steps", "regions"), rows)


def _local(moment: str | None) -> str:
    return NOTHING if moment is None else moment[:16].replace("T", " ")


def differences(found: Sequence[Json]) -> Table:
    """As they are written: dates are on each region's own clock."""
    rows = ((each["field"], _written(each["before"]), _written(each["after"])) for each in found)
    return table(("field", "stands", "wanted"), rows)


def _written(value: Any) -> str:
    match value:
        case None:
            return NOTHING
        case [int(), *_]:
            return ", ".join(map(share, value))
    return str(value)


def course(found: Sequence[Json]) -> Table:
    return table(("region", "next"), ((each["region"], next_step(each)) for each in found))


def next_step(step: Json) -> str:
    """`step 25 %, waits for date until 2027-02-01 08:00:00 UTC`."""
    if step["done"]:
        return "done"
    goal = step["rung"] or ("halted" if step["because"] and not step["waits_for"] else "announcement")
    told = [f"{goal} {share(step['percent'])}" if step["rung"] == "step" else goal]
    if step["waits_for"]:
        told.append(f"waits for {step['waits_for']}")
    if step["until"]:
        told[-1] += f" until {when(step['until'])}" if step["waits_for"] else f", due {when(step['until'])}"
    if step["because"]:
        told.append(step["because"])
    return ", ".join(told)
