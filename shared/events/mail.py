"""Mails that are no codes, and what became of a mail."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Sealed

MailKind = Literal["passcode", "notice"]


class Outcome(StrEnum):
    """What became of a mail. `accepted` is the provider's promise, not delivery."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class EmailOutcome(Event):
    """A provider accepted, refused or lost a mail, or told later what became of it."""

    topic = "gatepost.notifier.email-outcome.v1"
    type = "gatepost.notifier.email-outcome.v1"
    source = "gatepost/notifier"

    message_id: UUID
    account_id: UUID
    challenge_id: UUID | None = None
    kind: MailKind = "passcode"
    region: str = Field(max_length=64)
    provider: str = Field(max_length=32)
    outcome: Outcome
    attempt: int = Field(ge=1)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return f"{self.message_id}:{self.provider}:{self.attempt}:{self.outcome}"

    @property
    def key(self) -> str:
        return str(self.account_id)


class NoticeKind(StrEnum):
    """What somebody is told about their own account, after it happened."""

    EMAIL_CHANGED = "email-changed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a name
    FACTORS_RESET = "factors-reset"
    SESSION_STOLEN = "session-stolen"


class NoticeDue(Event):
    """Somebody is to be told what happened to their account. Worthless once it is stale news."""

    topic = "gatepost.auth.notice-due.v1"
    type = "gatepost.auth.notice-due.v1"
    source = "gatepost/auth"

    notice_id: UUID
    account_id: UUID
    kind: NoticeKind
    address: Sealed
    locale: str = Field(max_length=35)
    region: str = Field(max_length=64)
    at: AwareDatetime
    expires_at: AwareDatetime

    @property
    def id(self) -> str:
        return str(self.notice_id)

    @property
    def key(self) -> str:
        return str(self.account_id)

    @property
    def worthless_after(self) -> datetime:
        return self.expires_at
