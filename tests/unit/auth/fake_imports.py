"""The checkpoints of imports in memory; the contract tests hold it to the cases of the real one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.auth.domain.account import Account
from services.auth.domain.account_import import BadLine, ImportProgress
from services.auth.use_cases.import_accounts import Batch
from tests.fakes import FakeAccounts


@dataclass
class FakeImports:
    """`finished` are (import id, actor), one entry for each end that was recorded."""

    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    progress: dict[str, ImportProgress] = field(default_factory=dict)
    bad: dict[str, list[BadLine]] = field(default_factory=dict)
    finished: list[tuple[str, str]] = field(default_factory=list)

    async def begin(self, import_id: str, actor: str, at: datetime) -> ImportProgress:
        return self.progress.setdefault(import_id, ImportProgress())

    async def find(self, import_id: str) -> ImportProgress | None:
        return self.progress.get(import_id)

    async def problems(self, import_id: str, after_line: int, limit: int) -> list[BadLine]:
        return [bad for bad in self.bad.get(import_id, []) if bad.line > after_line][:limit]

    async def take(
        self, import_id: str, before: ImportProgress, batch: Batch, accounts: Sequence[tuple[Account, str]]
    ) -> ImportProgress | None:
        if self.progress[import_id] != before:
            return None
        added = sum([await self.accounts.add(account, username) for account, username in accounts])
        self.bad.setdefault(import_id, []).extend(batch.bad)
        after = ImportProgress(
            lines=before.lines + batch.lines,
            bytes=before.bytes + batch.bytes,
            added=before.added + added,
            present=before.present + len(accounts) - added,
            bad=before.bad + len(batch.bad),
        )
        self.progress[import_id] = after
        return after

    async def finish(self, import_id: str, before: ImportProgress, actor: str, at: datetime) -> ImportProgress | None:
        if self.progress[import_id] != before:
            return None
        if not before.finished:
            self.finished.append((import_id, actor))
        self.progress[import_id] = replace(before, finished=True)
        return self.progress[import_id]
