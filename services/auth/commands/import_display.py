"""How an import comes along: a bar on a terminal, else a line every few seconds. On standard error, both."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Never

from tqdm import tqdm

from services.auth.domain.account_import import ImportProgress

LINE_EVERY_S: Final = 5.0

Tell = Callable[[ImportProgress], None]


@contextmanager
def display(total_bytes: int) -> Iterator[Tell]:
    if sys.stderr.isatty():
        with tqdm(total=total_bytes, unit="B", unit_scale=True, desc="accounts", file=sys.stderr) as bar:
            yield lambda progress: _move(bar, progress)
    else:
        yield _lines(total_bytes)


def _move(bar: "tqdm[Never]", progress: ImportProgress) -> None:
    bar.set_postfix(added=progress.added, present=progress.present, bad=progress.bad, refresh=False)
    if bar.n == 0:
        bar.initial = progress.bytes  # what an earlier run did says nothing about the pace of this one
    bar.update(progress.bytes - bar.n)


def _lines(total_bytes: int) -> Tell:
    next_at = time.monotonic() + LINE_EVERY_S

    def tell(progress: ImportProgress) -> None:
        nonlocal next_at
        if time.monotonic() < next_at:
            return
        next_at = time.monotonic() + LINE_EVERY_S
        share = 100 * progress.bytes // max(total_bytes, 1)
        print(f"{share} %: {progress.added} added, {progress.present} present, {progress.bad} bad", file=sys.stderr)  # noqa: T201

    return tell
