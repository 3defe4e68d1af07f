"""How far an import of accounts has come. An import is known by an id: whoever comes back with it goes on there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """The first `lines` lines, which are `bytes` bytes, are done: `added`, `present` before, or `bad`."""

    lines: int = 0
    bytes: int = 0
    added: int = 0
    present: int = 0
    bad: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class BadLine:
    """`line` counts from 1; `fields` names what is wrong, never its content."""

    line: int
    fields: tuple[str, ...]
