"""An entry of the audit as it was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """`id` rises; it has gaps. `action` may be one that this version does not know yet."""

    id: int
    at: datetime
    actor: str
    action: str
    account_id: UUID | None
    reason: str | None
    detail: Mapping[str, str | int | None]
