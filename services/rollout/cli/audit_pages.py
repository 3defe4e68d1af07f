"""The audit page by page: never more than one page in memory, however long it is."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from services.rollout.cli.client import Rollout
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.domain.audit import AuditEntry, Head

PAGE: Final = 500


def head_of(rollout: Rollout) -> Head:
    return Head(**rollout.get("/v1/audit/head"))


def up_to(rollout: Rollout, head: Head) -> Iterator[Json]:
    """All entries, and none that came after the head was asked for."""
    cursor: str | None = "0"
    while cursor is not None:
        page = rollout.get("/v1/audit", cursor=cursor, limit=PAGE)
        for entry in page["entries"]:
            if entry["number"] > head.number:
                return
            yield entry
        cursor = page["next"]


def newest(rollout: Rollout, limit: int, region: str | None) -> list[Json]:
    """In order. Looks back page by page: what a region's entries are among is not known before."""
    found: list[Json] = []
    before = head_of(rollout).number
    while before > 0 and len(found) < limit:
        after = max(0, before - PAGE)
        page = rollout.get("/v1/audit", cursor=after, limit=PAGE, region=region)["entries"]
        found = [entry for entry in page if entry["number"] <= before] + found
        before = after
    return found[-limit:]


def of_file(file: Path) -> Iterator[Json]:
    """As `gatepost audit export` wrote it. Raises: Stopped."""
    try:
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except OSError as error:
        raise Stopped(Exit.USAGE, f"--file {file}: {error.strerror}") from None
    except ValueError:
        raise Stopped(Exit.AUDIT_BROKEN, f"{file} has a line that is no JSON") from None


def entry_of(told: Json) -> AuditEntry:
    """Raises: Stopped."""
    try:
        return AuditEntry(**{**told, "at": datetime.fromisoformat(told["at"])})
    except (TypeError, ValueError, KeyError):
        raise Stopped(Exit.AUDIT_BROKEN, f"not an entry: {json.dumps(told)[:80]}") from None
