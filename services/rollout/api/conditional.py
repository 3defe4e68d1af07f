"""Conditional requests (RFC 9110 §13): which version a change was made on, and whether a reader has it already.

A change names exactly one version. `If-Match: *` is refused: it would let a release manager overwrite what a colleague
did a second ago without having seen it. `W/"3"` counts as `"3"`: proxies that compress weaken ETags.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_VERSION: Final = re.compile(r'(?:(?:W/)?"([0-9]{1,9})"|([0-9]{1,9}))', re.ASCII)
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Creation:
    """`If-None-Match: *`: only if there is none yet."""


@dataclass(frozen=True, slots=True)
class ChangeOf:
    """`If-Match`: only if this version still stands."""

    version: int


class Unusable(Enum):
    MISSING = auto()
    MALFORMED = auto()


def precondition(if_match: str | None, if_none_match: str | None) -> Creation | ChangeOf | Unusable:
    if if_match is None and if_none_match is None:
        return Unusable.MISSING
    if if_match is None:
        return Creation() if if_none_match == "*" else Unusable.MALFORMED
    found = _VERSION.fullmatch(if_match)
    if found is None or if_none_match is not None:
        return Unusable.MALFORMED
    return ChangeOf(int(found[1] or found[2]))


def seen_revision(if_match: str | None) -> int | Unusable:
    """Of something that is there: the one that its caller has seen."""
    match precondition(if_match, None):
        case ChangeOf(revision):
            return revision
        case Creation():
            return Unusable.MALFORMED
        case unusable:
            return unusable


def version_tag(version: int) -> str:
    return f'"{version}"'


def already_has(if_none_match: str | None, tag: str) -> bool:
    """Whether a GET may be answered with 304: weak comparison, as RFC 9110 §13.1.2 asks for."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
