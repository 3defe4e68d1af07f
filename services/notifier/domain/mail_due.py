"""A mail that is to be sent once, whatever it says. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from shared.events import ANNOUNCEMENTS, MailKind, NoticeDue, PasscodeIssued


@dataclass(frozen=True, slots=True)
class MailDue:
    """`message_id` is what it is claimed by. After `expires_at` it helps nobody."""

    message_id: UUID
    kind: MailKind
    account_id: UUID
    challenge_id: UUID | None
    region: str
    expires_at: datetime

    @classmethod
    def passcode(cls, issued: PasscodeIssued) -> Self:
        return cls(
            issued.message_id, "passcode", issued.account_id, issued.challenge_id, issued.region, issued.expires_at
        )

    @classmethod
    def notice(cls, notice: NoticeDue) -> Self:
        kind: MailKind = "announcement" if notice.kind in ANNOUNCEMENTS else "notice"
        return cls(notice.notice_id, kind, notice.account_id, None, notice.region, notice.expires_at)
