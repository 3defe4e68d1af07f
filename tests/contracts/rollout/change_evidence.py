"""What the rows of the database say by themselves of how policies changed; nothing here asks the code under test."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.rollout.adapters.tables import audit, audit_head, changes, outbox, region_versions, regions
from services.rollout.domain.region import Policy
from shared.events import PolicyMode
from tests.contracts.rollout.change_model import FOUR_HOURS, raises

WRITING: Final = ("change-drafted", "change-edited")
ENDS: Final = ("change-applied", "change-rejected", "change-cancelled", "change-halted")
DATES: Final = ("announce_at", "enforce_at", "bypass_until")
COVERED: Final = ("number", "actor", "action", "subject", "region", "detail")


@dataclass
class Evidence:
    """Of some regions. `number` and `hash` are the audit's head before anything was done with them."""

    names: Sequence[str]
    number: int = 0
    hash: str = ""
    told: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[UUID, Any] = field(default_factory=dict)
    versions: dict[str, list[Any]] = field(default_factory=dict)
    held: set[object] = field(default_factory=set)

    async def begin(self, connection: AsyncConnection) -> None:
        head = (await connection.execute(sa.select(audit_head))).one()
        self.number, self.hash = head.number, head.hash

    async def look(self, connection: AsyncConnection) -> None:
        """Read all that there is, and hold it together."""
        kept = await connection.execute(sa.select(changes).where(changes.c.region.in_(self.names)))
        self.changes = {row.id: row for row in kept.all()}
        found = await connection.execute(
            sa.select(region_versions, regions.c.version.label("stands"))
            .join(regions, regions.c.name == region_versions.c.region)
            .where(regions.c.name.in_(self.names))
            .order_by(region_versions.c.version)
        )
        self.versions = defaultdict(list)
        for row in found.all():
            self.versions[row.region].append(row)
        entries = await connection.execute(
            sa.select(audit).where(audit.c.number > self.number).order_by(audit.c.number)
        )
        self._chained(entries.all(), (await connection.execute(sa.select(audit_head))).one())
        events = await connection.execute(sa.select(outbox.c.key, outbox.c.body).where(outbox.c.key.in_(self.names)))
        announced = Counter((key, body["version"]) for key, body in events.all())
        applied: dict[object, list[Any]] = defaultdict(list)
        for change in self.changes.values():
            if change.state == "applied":
                applied[change.region, change.base_version].append(change)
        for name, versions in self.versions.items():
            assert [row.version for row in versions] == list(range(1, versions[-1].stands + 1)), "no gap, none twice"
            assert [announced[name, row.version] for row in versions] == [1] * len(versions), "one event for each"
            for before, row in zip([None, *versions], versions, strict=False):
                made_by = applied.pop((name, row.version - 1), [])
                assert [each.id for each in made_by] == [row.change_id], "one applied change for each base version"
                if self._is_new(name, row.version, made_by[0].revision):
                    _made_as_it_may(before, row, made_by[0])
        assert not applied, "each made a version"
        for change_id, row in self.changes.items():
            if self._is_new(change_id, row.revision, len(self.told[change_id])):
                _told_in_full(row, self.told[change_id])

    def _is_new(self, *what: object) -> bool:
        """What was held together once need not be again: a step of anything changes its revision."""
        known = what in self.held
        self.held.add(what)
        return not known

    def _chained(self, entries: Sequence[Any], head: Any) -> None:
        for entry in entries:
            covered = {name: getattr(entry, name) for name in COVERED}
            covered |= {"at": entry.at.isoformat(timespec="microseconds"), "before": self.hash}
            text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
            assert entry.number == self.number + 1, "the audit has no gap"
            assert entry.hash == hashlib.sha256(text.encode()).hexdigest(), "the audit's chain holds"
            self.number, self.hash = entry.number, entry.hash
            if entry.region in self.names:
                self.told[UUID(entry.subject.removeprefix("change:"))].append(entry)
        assert (head.number, head.hash) == (self.number, self.hash)


def _made_as_it_may(before: Any, row: Any, change: Any) -> None:
    """A version, and the change that made it."""
    policy = policy_in(row)
    assert policy == wanted_of(change.content), "what was wanted is what holds"
    assert policy.bypass_until is None or policy.bypass_until <= row.changed_at + FOUR_HOURS
    if raises(policy_in(before) if before else None, policy):
        assert change.approved_by is not None, "another person said yes"
        assert change.approved_by not in change.authors, "another person said yes"
        assert change.approved_digest == digest_of(change.content), "the yes was to this"
        assert change.apply_at is None or change.apply_at <= row.changed_at, "not before its date"


def _told_in_full(change: Any, entries: Sequence[Any]) -> None:
    """The audit tells each of its revisions, and by itself that it was done as it may be."""
    first = entries[0].detail["revision"]
    assert [entry.detail["revision"] for entry in entries] == list(range(first, change.revision + 1)), "each once"
    authors = {entry.actor for entry in entries if entry is entries[0] or entry.action in WRITING}
    assert authors == set(change.authors), "all who wrote any of it"
    assert [entry.action for entry in entries[:-1] if entry.action in ENDS] == [], "an end is an end"
    if change.state == "applied":
        applied = entries[-1]
        assert applied.action == "change-applied"
        assert applied.detail["digest"] == digest_of(change.content)
        if change.direction == "raises":
            last = [entry for entry in entries if entry.action in (*WRITING, "change-approved")][-1]
            assert last.action == "change-approved", "nobody wrote in it after the yes"
            assert (last.actor, last.detail["digest"]) == (change.approved_by, digest_of(change.content))


def digest_of(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def wanted_of(content: Any) -> Policy:
    told = content["policy"]
    dates = [
        told[name] and datetime.fromisoformat(told[name]) for name in ("announce_at", "enforce_at", "bypass_until")
    ]
    return Policy(PolicyMode(told["mode"]), told["percent"], *dates)


def policy_in(row: Any) -> Policy:
    return Policy(PolicyMode(row.mode), row.percent, row.announce_at, row.enforce_at, row.bypass_until)
