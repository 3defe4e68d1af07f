"""The audit: who did what, each entry sealed to all before it. Pure.

The hash of an entry covers the hash of the entry before, so that whoever edits, removes or reorders one must rewrite
all that follow, and the newest hash, once it is written down elsewhere, gives even that away.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

GENESIS: Final = "0" * 64


class AuditAction(StrEnum):
    CHANGE_DRAFTED = "change-drafted"
    CHANGE_EDITED = "change-edited"
    CHANGE_SUBMITTED = "change-submitted"
    CHANGE_APPROVED = "change-approved"
    CHANGE_REJECTED = "change-rejected"
    CHANGE_SCHEDULED = "change-scheduled"
    CHANGE_APPLIED = "change-applied"
    CHANGE_HALTED = "change-halted"
    CHANGE_CANCELLED = "change-cancelled"
    PLAN_DRAFTED = "plan-drafted"
    PLAN_EDITED = "plan-edited"
    PLAN_SUBMITTED = "plan-submitted"
    PLAN_APPROVED = "plan-approved"
    PLAN_REJECTED = "plan-rejected"
    PLAN_STARTED = "plan-started"
    PLAN_PAUSED = "plan-paused"
    PLAN_RESUMED = "plan-resumed"
    PLAN_HALTED = "plan-halted"
    PLAN_COMPLETED = "plan-completed"
    PLAN_CANCELLED = "plan-cancelled"
    REGION_PAUSED = "region-paused"
    REGION_RESUMED = "region-resumed"
    INSTANCE_FORGOTTEN = "instance-forgotten"
    ANNOUNCED = "announced"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did. `actor`: an operator's name, or `system`. `subject`: what it was done to, for instance
    `change:<id>`. `detail`: JSON without secrets or addresses."""

    actor: str
    action: AuditAction
    subject: str
    region: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry, kept beside the entries: else the last of them could be taken away unseen."""

    number: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`number` counts from 1 without gaps. `hash`: SHA-256, hexadecimal. `action` may be one that this version does not
    know yet."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    region: str | None
    detail: Mapping[str, Any]
    hash: str

    @classmethod
    def after(cls, head: Head, deed: Deed, at: datetime) -> Self:
        entry = cls(
            number=head.number + 1,
            at=at.astimezone(UTC),
            actor=deed.actor,
            action=deed.action.value,
            subject=deed.subject,
            region=deed.region,
            detail=deed.detail,
            hash="",
        )
        return replace(entry, hash=entry.sealed(head.hash))

    def sealed(self, before: str) -> str:
        """The hash that it must have after an entry with the hash `before`."""
        covered = {name: getattr(self, name) for name in _COVERED} | {"before": before}
        covered["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return hashlib.sha256(json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


_COVERED: Final = ("number", "at", "actor", "action", "subject", "region", "detail")


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which the chain does not hold; `number` is the one that should have been there."""

    number: int
    because: str


class Chain:
    """Entries, added in order from the first on; `head` is the last that followed from the one before it. `noted`: an
    entry that was written down elsewhere, which must be among them."""

    def __init__(self, noted: Head | None = None) -> None:
        self.head = Head()
        self._noted = noted

    def add(self, entry: AuditEntry) -> Broken | None:
        number = self.head.number + 1
        if entry.number != number:
            return Broken(number, f"entry {entry.number} stands in its place")
        if entry.hash != entry.sealed(self.head.hash):
            return Broken(number, "its content and its hash do not belong together")
        if self._noted is not None and number == self._noted.number and entry.hash != self._noted.hash:
            return Broken(number, "another entry was written down elsewhere")
        self.head = Head(number, entry.hash)
        return None

    def end(self, newest: Head) -> Broken | None:
        """After the last entry: whether it is the newest."""
        missing = self.head.number + 1
        if self.head != newest:
            because = f"the newest is said to be entry {newest.number}, with another hash or at another place"
            return Broken(missing, because)
        if self._noted is not None and self._noted.number > newest.number:
            return Broken(missing, f"entry {self._noted.number} was written down elsewhere, and is not there")
        return None


def first_broken(entries: Iterable[AuditEntry], head: Head) -> Broken | None:
    """None: every entry, from the first to the newest, follows from the one before it."""
    chain = Chain()
    for entry in entries:
        if broken := chain.add(entry):
            return broken
    return chain.end(head)
