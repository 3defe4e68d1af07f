"""Two plans side by side, whoever wrote them in whichever of the ways that mean the same."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.rollout.cli.exits import Json

_OPTIONAL: Final = ("announce_at", "shadow_at", "thresholds")
_DATES: Final = ("announce_at", "shadow_at", "begin_at")
_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)


def plan_differences(before: Json | None, after: Json) -> list[Json]:
    """As those of a change are told: field, before, after. A field is for instance `waves[0].begin_at`."""
    old, new = {} if before is None else dict(_flat(_content(before))), dict(_flat(_content(after)))
    return [
        {"field": field, "before": old.get(field), "after": new.get(field)}
        for field in dict.fromkeys((*new, *old))
        if _meant(field, old.get(field)) != _meant(field, new.get(field))
    ]


def _content(plan: Json) -> Json:
    """What is written, without what rollout adds to it."""
    return {**{name: plan.get(name) for name in ("name", "reason")}, "waves": [_wave(wave) for wave in plan["waves"]]}


def _wave(wave: Json) -> Json:
    regions = wave.get("regions")
    if isinstance(regions, list):
        regions = [_without_base(each) for each in regions]
    return {**dict.fromkeys(_OPTIONAL), **wave, "regions": regions}


def _without_base(member: Any) -> Any:
    return {k: v for k, v in member.items() if k != "base_version"} if isinstance(member, Mapping) else member


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{at}.{name}" if at else str(name))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value):
            yield from _flat(each, f"{at}[{number}]")
    else:
        yield at, value


def _meant(field: str, value: Any) -> Any:
    """What it means, however it is written; what means nothing stays as it is, for rollout to refuse."""
    name = field.rpartition(".")[2]
    if name in _DATES and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    if name == "step_every" and isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return value
