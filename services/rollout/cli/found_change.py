"""The change that somebody means, and what became of it when it was not as they saw it."""

import re
from collections.abc import Iterator
from typing import Final

from services.rollout.cli.client import Rollout, seen
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.wording import when

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_BEGINNING: Final = re.compile(r"[0-9a-f][0-9a-f-]{3,35}", re.ASCII)
_NEWEST: Final = 200
_AUDIT_PAGE: Final = 500


def find_change(rollout: Rollout, given: str) -> Json:
    """By its id, or by what its id alone begins with among the newest 200. Raises: Stopped."""
    return rollout.get(f"/v1/changes/{_full(rollout, given.lower())}")


def _full(rollout: Rollout, given: str) -> str:
    if _ID.fullmatch(given):
        return given
    if not _BEGINNING.fullmatch(given):
        raise Stopped(Exit.USAGE, "a change is named by its id, or by at least 4 characters that it begins with")
    listed = rollout.get("/v1/changes", limit=_NEWEST)["changes"]
    match [each["id"] for each in listed if each["id"].startswith(given)]:
        case [only]:
            return str(only)
        case []:
            raise Stopped(Exit.NOT_FOUND, f"none of the newest {_NEWEST} changes begins with {given}")
        case several:
            raise Stopped(Exit.USAGE, f"{len(several)} changes begin with {given}")


def act_on(rollout: Rollout, change: Json, verb: str, revision: int | None, body: Json | None = None) -> Json:
    """On the revision that was seen. Raises: Stopped; whoever came before is named."""
    shown = revision or change["revision"]
    path = f"/v1/changes/{change['id']}"
    method, path = ("PUT", path) if verb == "edit" else ("POST", f"{path}/{verb}")
    try:
        return rollout.send(method, path, body, if_match=seen(shown)).body
    except Stopped as stopped:
        if stopped.name == "revision-conflict":
            raise _with(stopped, since(rollout, f"change:{change['id']}", change["region"], shown)) from None
        if stopped.name == "version-conflict":
            raise _with(stopped, [standing(rollout, change["region"])]) from None
        raise


def since(rollout: Rollout, subject: str, region: str | None, revision: int) -> Iterator[str]:
    """Who did what with it after that revision, as far as the newest of the audit tell."""
    newest = rollout.get("/v1/audit/head")["number"]
    entries = rollout.get("/v1/audit", cursor=max(0, newest - _AUDIT_PAGE), limit=_AUDIT_PAGE, region=region)["entries"]
    for entry in entries:
        if entry["subject"] == subject and entry["detail"].get("revision", 0) > revision:
            yield f"revision {entry['detail']['revision']}: {entry['action']} by {entry['actor']}, {when(entry['at'])}"


def standing(rollout: Rollout, region: str) -> str:
    found = rollout.get(f"/v1/regions/{region}")
    by = f"changed by {found['changed_by']}, {when(found['changed_at'])}: {found['reason']}"
    return f"{region} stands at version {found['version']}, {by}"


def _with(stopped: Stopped, told: Iterator[str] | list[str]) -> Stopped:
    return Stopped(stopped.code, "\n  ".join([stopped.said, *told]), stopped.problem)
