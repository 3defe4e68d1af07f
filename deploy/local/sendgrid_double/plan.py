"""What is planned for the next mails, as the tests ask for it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, Self, TypeVar

LONGEST_DELAY_S = 3_600.0


class BadPlan(ValueError):
    """What was asked for makes no sense; the message says why."""


class Planned(Protocol):
    """A frozen dataclass; `count`: for how many mails, None until it is cleared."""

    @property
    def count(self) -> int | None: ...

    @classmethod
    def parse(cls, body: object) -> Self:
        """Raises BadPlan for anything but an object with the known fields, each optional, in range."""

    def as_json(self) -> dict[str, Any]: ...


P = TypeVar("P", bound=Planned)


class Plan(Generic[P]):
    """The one in force. A new one replaces it; it ends when its count is used up, or when cleared."""

    def __init__(self) -> None:
        self.current: P | None = None

    def take(self) -> P | None:
        """What is planned for the mail arriving now, counted."""
        planned = self.current
        if planned is not None and planned.count is not None:
            left: Any = planned  # a dataclass, which a protocol cannot say
            self.current = replace(left, count=planned.count - 1) if planned.count > 1 else None
        return planned


def fields_of(body: object, known: frozenset[str]) -> Mapping[str, Any]:
    """Raises BadPlan."""
    if not isinstance(body, Mapping):
        raise BadPlan("the body must be a JSON object")
    unknown = sorted(set(body) - known)
    if unknown:
        raise BadPlan(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return body


def count_of(body: Mapping[str, Any]) -> int | None:
    """Raises BadPlan."""
    count = body.get("count")
    if count is not None and not (is_integer(count) and count >= 1):
        raise BadPlan("count must be an integer of at least 1; leave it out for `until cleared`")
    return count


def delay_of(body: Mapping[str, Any], default: float = 0.0) -> float:
    """Raises BadPlan."""
    delay_s = body.get("delay_s", default)
    if not (is_integer(delay_s) or isinstance(delay_s, float)) or not 0 <= delay_s <= LONGEST_DELAY_S:  # nor NaN
        raise BadPlan(f"delay_s must be a number of seconds from 0 to {LONGEST_DELAY_S:g}")
    return float(delay_s)


def flag_of(body: Mapping[str, Any], name: str) -> bool:
    """Raises BadPlan."""
    flag = body.get(name, False)
    if not isinstance(flag, bool):
        raise BadPlan(f"{name} must be true or false")
    return flag


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
