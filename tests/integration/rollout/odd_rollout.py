"""Rollout that dies as by kill -9 when it applies a change, or has a wrong clock: `odd_rollout.py POINT|SECONDS`."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.rollout import parts
from services.rollout.adapters import postgres_changes
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.app import build
from services.rollout.settings import RolloutSettings
from shared.service_main import serve_command
from shared.settings import read

POINTS: Final[dict[str, tuple[object, str, str]]] = {
    "before the transaction": (PostgresChanges, "write", "before"),
    "in the transaction": (postgres_changes, "record", "after"),
    "after the commit": (PostgresChanges, "write", "after"),
}


def dies_at(owner: object, verb: str, when: str) -> None:
    alive: Callable[..., Awaitable[Any]] = getattr(owner, verb)

    async def dying(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            await alive(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, verb, dying)


def ahead_by(seconds: int) -> None:
    parts.now = lambda: datetime.now(UTC) + timedelta(seconds=seconds)


if __name__ == "__main__":
    (oddity,) = sys.argv[1:]
    dies_at(*POINTS[oddity]) if oddity in POINTS else ahead_by(int(oddity))
    serve_command("rollout", read(RolloutSettings), build)
