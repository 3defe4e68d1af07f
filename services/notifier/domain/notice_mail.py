"""What a notice says, before any language or markup. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from services.notifier.domain.foreign_text import shown
from shared.events import NoticeDetails, NoticeKind


@dataclass(frozen=True, slots=True)
class Details:
    """What others said of it, fit to be shown; empty where nothing was said."""

    device: str = ""
    place: str = ""
    factor: str = ""

    @classmethod
    def of(cls, said: NoticeDetails) -> Self:
        return cls(shown(said.device or ""), shown(said.place or ""), shown(said.factor or ""))


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """`at`: when it happened or begins, `until`: when it ends, both aware. `time_zone`: IANA name of the clock that
    both are told by; UTC stands in for an unknown one."""

    kind: NoticeKind
    locale: str
    at: datetime
    until: datetime | None = None
    time_zone: str = "UTC"
    details: Details = field(default=Details(), repr=False)
