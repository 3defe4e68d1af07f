"""Whom a region would ask for a code, as tables."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from services.rollout.cli.exits import Json
from services.rollout.cli.screen import Cell, fields, table
from services.rollout.cli.wording import NOTHING, share, when

_HEADS: Final = (
    "share",
    "accounts asked",
    "no usable address",
    "suppressed",
    "codes a minute",
    "busiest minute",
    "providers",
)


def previews(found: Sequence[Json]) -> Iterable[RenderableType]:
    """Each region's accounts and what each step would mean; then, once, how far all of it is to be trusted."""
    for each in found:
        yield _population(each)
        yield table(_HEADS, map(_step, each["steps"]))
    yield from dict.fromkeys(note for each in found for note in each["accuracy"])


def _population(found: Json) -> Table:
    told: list[tuple[str, Cell | None]] = [("region", found["region"])]
    counted, busiest = found["population"], found["busiest_hour"]
    if counted is None:
        told.append(("accounts", "not counted yet"))
    else:
        exempt = {name: counted[name] for name in ("sso", "own_mfa", "totp", "locked") if counted[name]}
        others = f"; exempt: {', '.join(f'{name} {count}' for name, count in exempt.items())}" if exempt else ""
        told.append(("accounts", f"{counted['accounts']}, of which {counted['concerned']} are concerned{others}"))
        told.append(("counted at", when(counted["counted_at"])))
    if busiest is not None:
        told.append(("busiest hour", f"{when(busiest['hour'])}, {busiest['logins']} logins"))
    return fields(told)


def _step(step: Json) -> tuple[Cell, ...]:
    about = "" if not step["off_by"] else f" ± {step['off_by']}"
    return (
        share(step["percent"]),
        f"{_known(step['challenged'])}{about}",
        _known(step["unusable"]),
        _known(step["suppressed"]),
        NOTHING if step["codes_per_minute"] is None else f"{step['codes_per_minute']:.1f}",
        _known(step["busiest_minute"]),
        ", ".join(f"{name} {_fits(fits)}" for name, fits in step["fits"].items()) or NOTHING,
    )


def _known(count: int | None) -> str:
    return NOTHING if count is None else str(count)


def _fits(fits: bool | None) -> str:
    return "not known" if fits is None else "fits" if fits else "too many"
