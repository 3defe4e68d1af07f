"""What goes wrong with the next requests, as the tests ask for it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

LONGEST_DELAY_S = 3_600.0
FIELDS = frozenset({"status", "delay_s", "count", "drop", "fault"})
Breakage = Literal["hang", "reset", "slow_body"]


class BadFault(ValueError):
    """The fault asked for makes no sense; the message says why."""


@dataclass(frozen=True)
class Fault:
    """Answer `status` after `delay_s` seconds, for the next `count` requests (None: until cleared).

    `drop`: the mail of an accepted request (2xx) never shows up. `fault`: below HTTP; `hang` never answers, `reset`
    cuts the connection, `slow_body` sends the status and lets the rest trickle. Of the first two the caller cannot know
    what became of the mail: it is taken, if it is not to be dropped.
    """

    status: int = 202
    delay_s: float = 0.0
    count: int | None = None
    drop: bool = False
    fault: Breakage | None = None

    @property
    def accepts(self) -> bool:
        return 200 <= self.status < 300

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "delay_s": self.delay_s,
            "count": self.count,
            "drop": self.drop,
            "fault": self.fault,
        }


def parse_fault(body: object) -> Fault:
    """Raises BadFault for anything but an object with the known fields, each optional, in range."""
    if not isinstance(body, Mapping):
        raise BadFault("a fault is a JSON object")
    unknown = sorted(set(body) - FIELDS)
    if unknown:
        raise BadFault(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(FIELDS))}")
    status, delay_s = body.get("status"), body.get("delay_s", 0)
    count, drop, fault = body.get("count"), body.get("drop", False), body.get("fault")
    if status is not None and not (_is_integer(status) and 200 <= status <= 599):
        raise BadFault("status must be an integer from 200 to 599")
    if not (_is_integer(delay_s) or isinstance(delay_s, float)) or not _in_range(delay_s):
        raise BadFault(f"delay_s must be a number of seconds from 0 to {LONGEST_DELAY_S:g}")
    if count is not None and not (_is_integer(count) and count >= 1):
        raise BadFault("count must be an integer of at least 1; leave it out for `until cleared`")
    if not isinstance(drop, bool):
        raise BadFault("drop must be true or false")
    if fault is not None and fault not in get_args(Breakage):
        raise BadFault(f"fault must be one of {', '.join(get_args(Breakage))}")
    if fault in ("hang", "reset") and status is not None:
        raise BadFault(f"a {fault} has no status")
    return Fault(202 if status is None else status, float(delay_s), count, drop, fault)


class FaultPlan:
    """The one fault in force. A new one replaces it; it ends when its count is used up, or when cleared."""

    def __init__(self) -> None:
        self.current: Fault | None = None

    def take(self) -> Fault | None:
        """The fault that hits the request arriving now, counted."""
        fault = self.current
        if fault is not None and fault.count is not None:
            self.current = replace(fault, count=fault.count - 1) if fault.count > 1 else None
        return fault


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_range(seconds: float) -> bool:
    return 0 <= seconds <= LONGEST_DELAY_S  # false for NaN, which Python's JSON lets through
