"""What a provider keeps with a mail for us and says again in what it reports of it later: ids, never a person. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self, cast, get_args
from uuid import UUID

from services.notifier.domain.mail_due import MailDue
from shared.events import MailKind

TRACE_HEADERS: Final = ("traceparent", "tracestate")
# Not `attempt`: that is a field of SendGrid's own in what it tells of a deferral, and would hide ours.
_ATTEMPT: Final = "send_attempt"


@dataclass(frozen=True, slots=True)
class MailLabels:
    """`trace`: W3C headers of the login, so that its trace goes on when the delivery is reported."""

    message_id: UUID
    account_id: UUID
    challenge_id: UUID | None
    kind: MailKind
    region: str
    attempt: int
    trace: Mapping[str, str]

    @classmethod
    def of(cls, due: MailDue, attempt: int, trace: Mapping[str, str]) -> Self:
        kept = {name: trace[name] for name in TRACE_HEADERS if name in trace}
        return cls(due.message_id, due.account_id, due.challenge_id, due.kind, due.region, attempt, kept)

    @classmethod
    def parse(cls, texts: Mapping[str, object]) -> Self | None:
        """Whoever wrote them (signed_labels.py knows). None: these are no labels."""
        try:
            challenge_id = texts.get("challenge_id")
            kind, region = texts["kind"], str(texts["region"])
            if kind not in get_args(MailKind) or len(region) > 64 or not region.isprintable():
                return None
            return cls(
                UUID(str(texts["message_id"])),
                UUID(str(texts["account_id"])),
                UUID(str(challenge_id)) if challenge_id else None,
                cast("MailKind", kind),
                region,
                max(1, int(str(texts[_ATTEMPT])[:6])),
                {name: str(texts[name]) for name in TRACE_HEADERS if name in texts},
            )
        except (KeyError, ValueError):
            return None

    def texts(self) -> dict[str, str]:
        """Values are strings (FACTS); together under 1 kB, where SendGrid allows 10."""
        texts = {
            "message_id": str(self.message_id),
            "account_id": str(self.account_id),
            "kind": self.kind,
            "region": self.region,
            _ATTEMPT: str(self.attempt),
            **self.trace,
        }
        return texts if self.challenge_id is None else texts | {"challenge_id": str(self.challenge_id)}
