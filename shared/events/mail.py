"""Mails that are no codes, and what became of a mail."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.events.base import Event, RegionName, Sealed

MailKind = Literal["passcode", "notice", "announcement"]


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
    """A provider accepted, refused or lost a mail, or told later what became of it.

    `reason` is a fixed word where the outcome alone does not say enough, for instance `suppressed`: dropped by us,
    since earlier mail to the address came back.
    """

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
    reason: str | None = Field(None, max_length=32)

    @property
    def id(self) -> str:
        fact = f"{self.message_id}:{self.provider}:{self.attempt}:{self.outcome}"
        return f"{fact}:{self.reason}" if self.reason else fact

    @property
    def key(self) -> str:
        return str(self.account_id)


class NoticeKind(StrEnum):
    """What somebody is told: what happened to their own account, or (the last two) what changes in their region."""

    EMAIL_CHANGED = "email-changed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a name
    FACTORS_RESET = "factors-reset"
    SESSION_STOLEN = "session-stolen"
    NEW_DEVICE = "new-device"
    RECOVERY_CODE_USED = "recovery-code-used"
    FACTOR_CHANGED = "factor-changed"
    ADVANCE_NOTICE = "advance-notice"
    BYPASS_ACTIVE = "bypass-active"


ANNOUNCEMENTS: Final = frozenset({NoticeKind.ADVANCE_NOTICE, NoticeKind.BYPASS_ACTIVE})


class NoticeDue(Event):
    """Somebody is to be told something, together with many others: mail in bulk. Worthless once it is stale.

    `at`: when it happened, or when it begins (advance notice, bypass); `until`: when it ends; `time_zone`: the IANA
    name of the clock that both are told by. `details`: sealed JSON of a NoticeDetails.
    """

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
    until: AwareDatetime | None = None
    time_zone: str = Field("UTC", max_length=64)
    details: Sealed | None = None

    @property
    def id(self) -> str:
        return str(self.notice_id)

    @property
    def key(self) -> str:
        return str(self.account_id)

    @property
    def worthless_after(self) -> datetime:
        return self.expires_at


class SecurityNoticeDue(NoticeDue):
    """The same about one's own account, one at a time. A topic of its own, so that bulk never delays it."""

    topic = "gatepost.auth.security-notice-due.v1"
    type = "gatepost.auth.security-notice-due.v1"


class NoticeDetails(BaseModel):
    """Words that others chose: never trusted, never longer than this. They travel sealed, as JSON."""

    device: str | None = Field(None, max_length=256)
    place: str | None = Field(None, max_length=256)
    factor: str | None = Field(None, max_length=64)


class AnnouncementDue(Event):
    """All who it concerns in a region are to be told by mail of what begins `at` (and ends at `until`)."""

    topic = "gatepost.rollout.announcement-due.v1"
    type = "gatepost.rollout.announcement-due.v1"
    source = "gatepost/rollout"

    announcement_id: UUID
    region: RegionName
    kind: Literal[NoticeKind.ADVANCE_NOTICE, NoticeKind.BYPASS_ACTIVE]
    at: AwareDatetime
    until: AwareDatetime | None = None
    time_zone: str = Field("UTC", max_length=64)
    expires_at: AwareDatetime

    @property
    def id(self) -> str:
        return str(self.announcement_id)

    @property
    def key(self) -> str:
        return self.region

    @property
    def worthless_after(self) -> datetime:
        return self.expires_at
