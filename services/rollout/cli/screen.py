"""What a command writes: its answer on standard output, all else on standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TextIO

from rich.console import Console, RenderableType
from rich.status import Status
from rich.table import Table
from rich.text import Text

from services.rollout.cli.exits import Stopped

Cell = str | Text
UNCUT: Final = 10_000  # columns: what a script reads must not be cut to a window that is not there


class Screen:
    """Tables in colour on a terminal, plain columns elsewhere and with NO_COLOR; with `as_json` one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out = _console(sys.stdout)
        self._err = _console(sys.stderr)

    def answer(self, document: Any, *shown: RenderableType) -> None:
        """`document` with --json, else what is to be `shown`."""
        if self.as_json:
            self.line(json.dumps(document, ensure_ascii=False, indent=2 if self._out.is_terminal else None))
            return
        with self._out.capture() as blocks:
            for number, each in enumerate(shown):
                if number and not isinstance(each, str):
                    self._out.print()
                self._out.print(each)
        for text in blocks.get().splitlines():
            self.line(text.rstrip())  # tables are filled up with spaces

    def line(self, text: str) -> None:
        """On standard output, as it is."""
        sys.stdout.write(text + "\n")

    def remark(self, text: str) -> None:
        """What is no part of the answer."""
        self._err.print(text)

    def stopped(self, why: Stopped) -> None:
        if self.as_json and why.problem is not None:
            sys.stderr.write(json.dumps(why.problem, ensure_ascii=False) + "\n")
        else:
            self._err.print(Text(f"Stopped: {why.said}", style="red"))

    @contextmanager
    def waiting(self, text: str) -> Iterator[Status]:
        """A line on a terminal that is updated; elsewhere nothing."""
        with Status(text, console=self._err) as status:
            yield status


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else UNCUT
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=width)


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """The last column is the first that is broken where the window is narrow."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        shown.add_column(head, overflow="fold", no_wrap=head != heads[-1])
    for row in rows:
        shown.add_row(*row)
    return shown


def fields(pairs: Iterable[tuple[str, Cell | None]]) -> Table:
    """One below the other; those without a value are left out."""
    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_column(style="dim")
    shown.add_column(overflow="fold")
    for name, value in pairs:
        if value is not None:
            shown.add_row(name, value)
    return shown
