"""What could be wrong with changes, as patches. Each must be found by the machine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.rollout.adapters import postgres_audit, postgres_changes, postgres_regions
from services.rollout.adapters.claim import claim
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_outbox import append
from services.rollout.adapters.region_rows import version_row
from services.rollout.adapters.tables import changes, region_versions, regions
from services.rollout.domain.approval import Approval
from services.rollout.domain.change import _FROM, Action, Change, ChangeObjection, State
from services.rollout.domain.content import Content
from services.rollout.domain.direction import Direction, direction
from services.rollout.domain.region import Policy, Region
from services.rollout.use_cases import propose_change, set_policy
from shared.events import Event, PolicyMode

Patch = pytest.MonkeyPatch
Bug = Callable[[Patch], None]


def an_edit_keeps_the_approval(patch: Patch) -> None:
    """Which says of what it was, but nobody looks."""

    def edit(self: Change, content: Content, way: Direction, by: str, now: datetime) -> Change | ChangeObjection:
        if self.over:
            return ChangeObjection.STATE
        authors = replace(self.approval, authors=self.approval.authors | {by})
        return replace(self, content=content, direction=way, approval=authors, revision=self.revision + 1)

    patch.setattr(Change, "edit", edit)
    patch.setattr(Approval, "holds_for", lambda self, _: self.by is not None and self.by not in self.authors)


def an_approval_follows_what_is_edited(patch: Patch) -> None:
    an_edit_keeps_the_approval(patch)
    edit = Change.edit

    def edited(self: Change, content: Content, *more: Any) -> Change | ChangeObjection:
        done = edit(self, content, *more)
        if isinstance(done, ChangeObjection) or done.approval.by is None:
            return done
        return replace(done, approval=replace(done.approval, digest=content.digest))

    patch.setattr(Change, "edit", edited)


def who_edits_is_no_author(patch: Patch) -> None:
    patch.setattr(Approval, "voided", lambda self, _: Approval(self.authors))


def the_author_may_approve(patch: Patch) -> None:
    patch.setattr(Approval, "may_be_given_by", lambda *_: True)
    patch.setattr(Approval, "holds_for", lambda self, digest: self.digest == digest)


def one_person_is_enough(patch: Patch) -> None:
    patch.setattr(Change, "_may_hold", property(lambda _: True))


def a_version_is_made_on_whatever_stands(patch: Patch) -> None:
    async def write_version(connection: AsyncConnection, region: Region, event: Event) -> bool:
        standing = sa.select(regions.c.version).where(regions.c.name == region.name).with_for_update()
        version = (await connection.scalar(standing) or 0) + 1
        row = {"name": region.name, "salt": region.salt, "version": version}
        written = insert(regions).values(row)
        await connection.execute(written.on_conflict_do_update(index_elements=["name"], set_={"version": version}))
        await connection.execute(sa.insert(region_versions).values(version_row(replace(region, version=version))))
        await append(connection, event.model_copy(update={"version": version}))
        return True

    patch.setattr(postgres_changes, "write_version", write_version)


def a_step_is_written_over_another(patch: Patch) -> None:
    async def claims(connection: AsyncConnection, table: sa.Table, before: int | None, row: dict[str, Any]) -> bool:
        if before is None:
            return await claim(connection, table, before, row)
        await connection.execute(sa.update(changes).where(changes.c.id == row["id"]).values(row))
        return True

    patch.setattr(postgres_changes, "claim", claims)


def what_is_scheduled_is_applied_early(patch: Patch) -> None:
    def apply(self: Change, now: datetime) -> Change | ChangeObjection:
        return self._after(Action.APPLY, now) if self._may_hold else self._unapproved(Action.APPLY)

    due = PostgresChanges.due
    patch.setattr(Change, "apply", apply)
    patch.setattr(PostgresChanges, "due", lambda self, now: due(self, now + timedelta(hours=1)))


def what_is_over_is_applied_all_the_same(patch: Patch) -> None:
    patch.setitem(_FROM, Action.APPLY, frozenset(State))
    held = property(lambda it: it.direction is Direction.LOWERS or it.approval.holds_for(it.content.digest))
    patch.setattr(Change, "_may_hold", held)


def misjudged(which: Callable[[Policy | None, Policy], bool]) -> Bug:
    """Those which raise are said to lower."""

    def judged(before: Policy | None, after: Policy) -> Direction:
        return Direction.LOWERS if which(before, after) else direction(before, after)

    def bug(patch: Patch) -> None:
        patch.setattr(propose_change, "direction", judged)
        patch.setattr(set_policy, "direction", judged)

    return bug


def _is_bypass(_: Policy | None, after: Policy) -> bool:
    return after.mode is PolicyMode.BYPASSED


def _is_a_date_of_a_new_region(before: Policy | None, after: Policy) -> bool:
    return before is None and after.mode is PolicyMode.OFF


def _is_the_end_of_a_ramp(before: Policy | None, after: Policy) -> bool:
    return before is not None and (before.mode, before.percent, after.percent) == (PolicyMode.RAMP, 10_000, 10_000)


def an_event_is_lost(patch: Patch) -> None:
    write = postgres_regions.write_version

    async def write_version(connection: AsyncConnection, region: Region, event: Event) -> bool:
        return await write(connection, region, event.model_copy(update={"version": 1}))

    patch.setattr(postgres_changes, "write_version", write_version)


def the_audit_is_told_of_ends_only(patch: Patch) -> None:
    record = postgres_audit.record

    async def recorded(connection: AsyncConnection, deed: Any) -> None:
        if deed.action.value != "change-approved":
            await record(connection, deed)

    patch.setattr(postgres_changes, "record", recorded)


BUGS: dict[str, Bug] = {
    bug.__name__: bug
    for bug in (
        an_edit_keeps_the_approval,
        an_approval_follows_what_is_edited,
        who_edits_is_no_author,
        the_author_may_approve,
        one_person_is_enough,
        a_version_is_made_on_whatever_stands,
        a_step_is_written_over_another,
        what_is_scheduled_is_applied_early,
        what_is_over_is_applied_all_the_same,
        an_event_is_lost,
        the_audit_is_told_of_ends_only,
    )
} | {
    "a bypass counts as less": misjudged(_is_bypass),
    "the dates of a new region do not count": misjudged(_is_a_date_of_a_new_region),
    "a ramp over everybody counts as enforced": misjudged(_is_the_end_of_a_ramp),
}
