"""What a notice says, before any language or markup. Pure."""

from dataclasses import dataclass
from datetime import datetime

from shared.events import NoticeKind


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """`at` is when it happened, aware."""

    kind: NoticeKind
    locale: str
    at: datetime
