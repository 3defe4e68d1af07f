"""What the events of SendGrid's webhook mean. Pure.

Source: Twilio SendGrid, "Event Webhook Reference". What a mail's custom_args were, stands beside SendGrid's own fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from services.notifier.domain.mail_labels import MailLabels
from services.notifier.domain.suppression import Cause, Sighting
from shared.events import Outcome
from shared.mail_address import is_address

MOST_ID_CHARS: Final = 256
_END_OF_TIME_S: Final = 2**33  # the year 2242; later ones are no times of a mail

ReadLabels = Callable[[Mapping[str, object]], MailLabels | None]
"""None: they are not ours."""

_OUTCOMES: Final = {
    "delivered": Outcome.DELIVERED,
    "deferred": Outcome.DEFERRED,
    "bounce": Outcome.BOUNCED,
    "dropped": Outcome.DROPPED,
    "spamreport": Outcome.DELIVERED,  # whoever complains has got it
}
# Those that say something of the address. Others (`Spam Content`, `Unsubscribed Address`, a quota) say it of a mail, of
# a wish that does not concern codes, or of our account with SendGrid.
_DROPPED_FOR_THE_ADDRESS: Final = {
    "bounced address": "bounced-address",
    "spam reporting address": "spam-reporting-address",
    "invalid": "invalid-address",
}


class Unreported(StrEnum):
    """Why an event leads to no outcome."""

    IGNORED = "ignored"  # says nothing of the delivery: processed, open, click, …
    FOREIGN = "foreign"  # of a mail without labels that we wrote
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a mail of ours.

    `id`: SendGrid's, the same however often it is told. `sighting`: why its address is not to be mailed any more.
    """

    id: str
    event: str
    labels: MailLabels
    outcome: Outcome
    at: datetime
    reason: str | None = None
    sighting: Sighting | None = None


def event_name(event: object) -> str:
    """For a metric: a fixed word, whatever SendGrid invents."""
    name = event.get("event") if isinstance(event, Mapping) else None
    return name if isinstance(name, str) and name in _OUTCOMES else "other"


def read_event(event: object, read_labels: ReadLabels) -> DeliveryReport | Unreported:
    if not isinstance(event, Mapping):
        return Unreported.UNREADABLE
    name = event.get("event")
    if not isinstance(name, str):
        return Unreported.UNREADABLE
    if name not in _OUTCOMES:
        return Unreported.IGNORED
    labels = read_labels(event)
    if labels is None:
        return Unreported.FOREIGN
    event_id, at = event.get("sg_event_id"), _time(event.get("timestamp"))
    if not isinstance(event_id, str) or not 1 <= len(event_id) <= MOST_ID_CHARS or at is None:
        return Unreported.UNREADABLE
    reason, cause = _meaning(name, event)
    email = event.get("email")
    sighting = None
    if cause is not None and isinstance(email, str) and is_address(email):
        sighting = Sighting(email, cause, at)
    return DeliveryReport(event_id, name, labels, _OUTCOMES[name], at, reason, sighting)


def _meaning(name: str, event: Mapping[str, Any]) -> tuple[str | None, Cause | None]:
    """The reason as a fixed word, and for what the address is suppressed. Never what SendGrid wrote: it quotes."""
    match name:
        case "bounce":
            # `blocked`: this mail was not taken, the mailbox may well be there.
            return (None, Cause.BOUNCED) if event.get("type") == "bounce" else ("blocked", None)
        case "dropped":
            reason = _DROPPED_FOR_THE_ADDRESS.get(str(event.get("reason")).lower())
            return reason, Cause.DROPPED if reason else None
        case "spamreport":
            return "spam-report", Cause.SPAM_REPORT
    return None, None


def _time(seconds: object) -> datetime | None:
    if not isinstance(seconds, int) or not 0 < seconds < _END_OF_TIME_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)
