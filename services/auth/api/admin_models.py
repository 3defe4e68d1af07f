"""The bodies of the operators' interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.auth.api.models import RequestBody
from services.auth.domain.account import AccountStatus
from services.auth.domain.account_import import ImportProgress

# One line: no control characters, no line or paragraph separators.
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
    ),
]


class ReasonIn(RequestBody):
    reason: Reason = Field(description="one line; it stands in the audit", examples=["Laptop stolen, ticket 4711"])


class _FromObject(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AccountOut(_FromObject):
    id: UUID
    username: str
    masked_email: str = Field(examples=["k***@customer.example"])
    region: str
    locale: str
    status: AccountStatus
    sso: bool
    own_mfa: bool
    totp: bool = Field(description="an authenticator app is enrolled")
    recovery_codes: int = Field(description="not used yet")
    sessions: int = Field(description="that live")
    devices: int = Field(description="that are trusted")
    registered_at: datetime | None


class BadLineOut(_FromObject):
    line: int = Field(description="counts from 1")
    fields: tuple[str, ...] = Field(description="what is wrong, never its content", examples=[["email"]])


class ProblemsOut(BaseModel):
    problems: tuple[BadLineOut, ...]
    next_after_line: int | None = Field(description="for the next page; null: this is the last one")


class ImportOut(_FromObject):
    import_id: str
    lines: int = Field(description="that are done; the next call with this id goes on after them")
    added: int
    present: int = Field(description="accounts that were there before; they stay as they are")
    bad: int
    finished: bool
    problems: tuple[BadLineOut, ...] = Field(description="the first 100 bad lines")

    @classmethod
    def of(cls, import_id: str, progress: ImportProgress, problems: tuple[BadLineOut, ...]) -> "ImportOut":
        return cls(
            import_id=import_id,
            lines=progress.lines,
            added=progress.added,
            present=progress.present,
            bad=progress.bad,
            finished=progress.finished,
            problems=problems,
        )


class AuditEntryOut(_FromObject):
    id: int
    at: datetime
    actor: str = Field(examples=["operator:kim"])
    action: str = Field(examples=["account-locked"])
    account_id: UUID | None
    reason: str | None
    detail: dict[str, str | int | None]


class AuditPageOut(BaseModel):
    entries: tuple[AuditEntryOut, ...]
    next_after_id: int | None = Field(description="for the next page; null: this is the last one")
