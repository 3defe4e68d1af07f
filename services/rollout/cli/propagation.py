"""Until every instance of auth has what stands."""

import time
from math import ceil
from typing import Final

from services.rollout.cli.client import Rollout
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.session import Session

SLICE_S: Final = 2  # how old the line on the terminal gets
RETRY_S: Final = 1.0


def propagated(session: Session, region: str, version: int, timeout_s: int) -> Json:
    """How it stands once every instance has that version, or a later one, or when the time is over. Raises: Stopped."""
    end = time.monotonic() + timeout_s
    with session.screen.waiting(f"{region}: version {version}") as status:
        while True:
            left = end - time.monotonic()
            found = _look(session.rollout, region, left)
            if found is None:
                continue
            if left <= 0 or (found["version"] >= version and found["everywhere"]):
                return found
            status.update(in_words(found))


def _look(rollout: Rollout, region: str, left: float) -> Json | None:
    """None: rollout is away, and may be back before the time is over."""
    try:
        return rollout.get(f"/v1/regions/{region}/propagation", wait_s=max(1, min(SLICE_S, ceil(left))))
    except Stopped as stopped:
        if left <= 0 or stopped.code is not Exit.UNAVAILABLE:
            raise
        time.sleep(RETRY_S)
        return None


def must_be_everywhere(found: Json) -> None:
    """Raises: Stopped."""
    if not found["everywhere"]:
        raise Stopped(Exit.NOT_YET, "not every instance has it yet")


def in_words(found: Json) -> str:
    """`emea: 2 of 3 instances have version 7, the slowest after 41 ms`."""
    have = sum(each["version"] == found["version"] for each in found["instances"])
    slowest = "" if found["slowest_ms"] is None else f", the slowest after {found['slowest_ms']} ms"
    return f"{found['region']}: {have} of {len(found['instances'])} instances have version {found['version']}{slowest}"
