"""A pause, and what the guard sees, as tables."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table

from services.rollout.cli.exits import Json
from services.rollout.cli.screen import fields, table
from services.rollout.cli.wording import NOTHING, styled, when

_SECONDS: Final = "_s"  # how a measure of time ends; all others are shares


def pause_fields(found: Json) -> Table:
    return fields(
        (
            ("region", found["region"]),
            ("state", styled("paused") if found["ended_at"] is None else styled("resumed")),
            ("since", when(found["since"])),
            ("by", found["by"]),
            ("because", found["because"]),
            ("resumed at", when(found["ended_at"])),
            ("resumed by", found["ended_by"]),
            ("resumed because", found["ended_because"]),
        )
    )


def verdict(found: Json) -> Table:
    pause = found["pause"]
    return fields(
        (
            ("region", found["region"]),
            ("verdict", styled(found["result"])),
            ("because", found["because"]),
            ("as of", when(found["as_of"])),
            ("evidence since", None if _ever(found["evidence_since"]) else when(found["evidence_since"])),
            ("paused", None if pause is None else f"{when(pause['since'])} by {pause['by']}: {pause['because']}"),
        )
    )


def _ever(moment: str) -> bool:
    """Nobody has resumed the region: all of it counts."""
    return moment.startswith("1970-")


def figures(windows: Sequence[Json]) -> Table:
    rows = (
        (window["window"], each["measure"], _measured(each, "value"), _measured(each, "limit"),
         _measured(each, "baseline"), str(each["sample"]), styled(each["result"]))
        for window in windows
        for each in window["figures"]
    )  # fmt: skip
    return table(("window", "measure", "is", "limit", "baseline", "of", "result"), rows)


def _measured(figure: Json, member: str) -> str:
    value = figure[member]
    if value is None:
        return NOTHING
    return f"{value:.1f} s" if figure["measure"].endswith(_SECONDS) else f"{value * 100:.1f} %"
