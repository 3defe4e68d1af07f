"""What somebody wants of a region, as rollout reads it: what they do not say stays as it stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.options import EVERYBODY, NONE, Mode

_DATES: Final = ("announce_at", "enforce_at")
_FIELDS: Final = ("mode", "percent", *_DATES, "bypass_until")
_SHARE: Final[Mapping[str, int]] = {Mode.OFF: 0, Mode.SHADOW: 0, Mode.ENFORCED: EVERYBODY}


def policy_body(
    standing: Json, mode: Mode, percent: int | None, reason: str, announce_at: str | None, enforce_at: str | None
) -> Json:
    """`standing`: the policy whose dates are kept. Raises: Stopped."""
    if (mode is Mode.RAMP) == (percent is None):
        raise Stopped(Exit.USAGE, "--percent goes with ramp, and ramp with --percent")
    dates = zip(_DATES, (announce_at, enforce_at), strict=True)
    kept = {name: replaced(standing.get(name), given) for name, given in dates}
    return {"mode": mode.value, "percent": percent, "reason": reason, **kept}


def replaced(before: Any, given: Any) -> Any:
    return None if given == NONE else before if given is None else given


def begun_before(change: Json, body: Json) -> bool:
    """Whether the open change wants what `body` does: somebody may have got no answer, and asks again."""
    policy = change["policy"]
    wanted = {name: value for name, value in body.items() if name in policy and value is not None}
    return change["reason"] == body["reason"] and all(_same(policy[name], value) for name, value in wanted.items())


def _same(one: Any, other: Any) -> bool:
    """Times are equal however they are written."""
    return one == other or (isinstance(one, str) and isinstance(other, str) and _instant(one) == _instant(other))


def _instant(text: str) -> Any:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def differences(standing: Json | None, body: Json) -> list[Json]:
    """As rollout tells them of a change."""
    wanted = {name: value for name, value in body.items() if name in _FIELDS}
    if body["mode"] in _SHARE:
        wanted["percent"] = _SHARE[body["mode"]]
    before = standing or {}
    return [
        {"field": name, "before": before.get(name), "after": value}
        for name, value in wanted.items()
        if not _same(before.get(name), value)
    ]


def share_of(body: Json) -> int:
    """That it ends at, in basis points; a bypass asks nobody."""
    return _SHARE.get(body["mode"], body.get("percent") or 0)
