"""How shares, times and states are written for people."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from services.rollout.cli.exits import Json

NOTHING: Final = "–"
_STYLES: Final[Mapping[str, str]] = {
    "off": "dim",
    "shadow": "cyan",
    "ramp": "yellow",
    "enforced": "green",
    "bypassed": "bold red",
    "draft": "dim",
    "in-review": "yellow",
    "approved": "cyan",
    "scheduled": "cyan",
    "running": "cyan",
    "applied": "green",
    "completed": "green",
    "paused": "bold red",
    "halted": "bold red",
    "rejected": "red",
    "cancelled": "dim",
    "current": "green",
    "behind": "yellow",
    "silent": "red",
    "pass": "green",
    "hold": "yellow",
    "fail": "bold red",
}


def styled(word: str) -> Text:
    return Text(word, style=_STYLES.get(word, ""))


def share(basis_points: int) -> str:
    return f"{basis_points / 100:g} %"


def when(moment: str | None) -> str | None:
    """To the second, in UTC."""
    return None if moment is None else f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def minute(moment: str | None) -> str:
    """For tables: to the minute, in UTC, which their heads say."""
    return NOTHING if moment is None else f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M}"


def short(name: str) -> str:
    """An id, or `change:<id>`, as far as a command needs it to find it again."""
    kind, colon, name_of = name.rpartition(":")
    return f"{kind}{colon}{name_of[:8]}"


def policy(policy: Json) -> Text:
    """`ramp 25 %`, and the end of a bypass."""
    told = styled(policy["mode"])
    if policy["mode"] == "ramp":
        told.append(f" {share(policy['percent'])}")
    if policy.get("bypass_until"):
        told.append(f" until {when(policy['bypass_until'])}, then {share(policy['percent'])}")
    return told


def value(field: str, value: str | int | None) -> str:
    """Of one field of a policy."""
    if value is None:
        return NOTHING
    if field == "percent":
        return share(int(value))
    return when(str(value)) or "" if field.endswith(("_at", "_until")) else str(value)
