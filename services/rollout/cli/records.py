"""The change or the plan that somebody means, and what became of it when it was not as they saw it."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.rollout.cli.client import Rollout, seen
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.wording import when

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_BEGINNING: Final = re.compile(r"[0-9a-f][0-9a-f-]{3,35}", re.ASCII)
_NEWEST: Final = 200
_AUDIT_PAGE: Final = 500
_MOST_ALIKE: Final = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """What has an id, a revision and a state: `changes` at `/v1/changes`, of which one is a `change`."""

    one: str
    many: str
    over: frozenset[str]

    def path(self, record: Json) -> str:
        return f"/v1/{self.many}/{record['id']}"


CHANGE: Final = Kind("change", "changes", frozenset({"applied", "rejected", "cancelled", "halted"}))
PLAN: Final = Kind("plan", "plans", frozenset({"completed", "rejected", "cancelled"}))


def find(rollout: Rollout, kind: Kind, given: str) -> Json:
    """By its id, or by what its id alone begins with among the newest 200. Raises: Stopped."""
    return rollout.get(f"/v1/{kind.many}/{_full(rollout, kind, given.lower())}")


def _full(rollout: Rollout, kind: Kind, given: str) -> str:
    if _ID.fullmatch(given):
        return given
    if not _BEGINNING.fullmatch(given):
        raise Stopped(Exit.USAGE, f"a {kind.one} is named by its id, or by at least 4 characters that it begins with")
    listed = rollout.get(f"/v1/{kind.many}", limit=_NEWEST)[kind.many]
    match [each["id"] for each in listed if each["id"].startswith(given)]:
        case [only]:
            return str(only)
        case []:
            raise Stopped(Exit.NOT_FOUND, f"none of the newest {_NEWEST} {kind.many} begins with {given}")
        case several:
            raise Stopped(Exit.USAGE, f"{len(several)} {kind.many} begin with {given}")


def begin(rollout: Rollout, kind: Kind, body: Json, on: object) -> Json:
    """Once for the same wish `on` the same: whoever got no answer repeats the command. One that is over, or became
    something else, does not stand in the way of a new one."""
    for number in range(_MOST_ALIKE):
        key = hashlib.sha256(json.dumps([body, on, number], sort_keys=True).encode()).hexdigest()
        try:
            begun = rollout.send("POST", f"/v1/{kind.many}", body, idempotency_key=key).body
        except Stopped as stopped:
            if stopped.name != "idempotency-key-used":
                raise
            continue
        if begun["state"] not in kind.over:
            return begun
    raise Stopped(Exit.REFUSED, f"{_MOST_ALIKE} such {kind.many} are over already: give another reason")


def act_on(
    rollout: Rollout, kind: Kind, record: Json, verb: str | None, revision: int | None, body: Json | None = None
) -> Json:
    """On the revision that was seen; without a verb `body` is written into it. Raises: Stopped; whoever came before is
    named."""
    shown = revision or record["revision"]
    method, path = ("PUT", kind.path(record)) if verb is None else ("POST", f"{kind.path(record)}/{verb}")
    try:
        return rollout.send(method, path, body, if_match=seen(shown)).body
    except Stopped as stopped:
        if stopped.name == "revision-conflict":
            subject = f"{kind.one}:{record['id']}"
            raise _with(stopped, since(rollout, subject, record.get("region"), shown)) from None
        if stopped.name == "version-conflict":
            raise _with(stopped, [standing(rollout, record["region"])]) from None
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


def _with(stopped: Stopped, told: Iterable[str]) -> Stopped:
    return Stopped(stopped.code, "\n  ".join([stopped.said, *told]), stopped.problem)
