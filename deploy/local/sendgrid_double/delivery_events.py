"""The events of SendGrid's webhook for one recipient of a mail. Pure.

Source: Twilio SendGrid, "Event Webhook Reference". A mail's custom_args stand beside SendGrid's own fields.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from deploy.local.sendgrid_double.fates import Fate, Happening

Event = dict[str, Any]


def events_of(
    request: Mapping[str, Any], message_id: str, fate: Fate, now: datetime, new_id: Callable[[], str]
) -> Iterator[Event]:
    """Of a valid `mail/send` body; an event that is told in several copies is that often there."""
    for block in request["personalizations"]:
        labels = {**request.get("custom_args", {}), **block.get("custom_args", {})}
        for person in (*block["to"], *block.get("cc", []), *block.get("bcc", [])):
            for happening in fate.events:
                event = {
                    **labels,
                    "email": person["email"],
                    "event": happening,
                    "timestamp": int(now.timestamp()),
                    "sg_event_id": new_id(),
                    "sg_message_id": f"{message_id}.recvd-0",
                    "smtp-id": f"<{message_id}@mailbox>",
                    **_details(happening, fate),
                }
                yield from [event] * fate.copies


def _details(happening: Happening, fate: Fate) -> Event:
    match happening:
        case "deferred":
            return {"attempt": "1", "response": fate.reason or "451 4.7.1 try again later"}
        case "delivered":
            return {"response": "250 2.0.0 OK"}
        case "bounce":
            reason = fate.reason or "550 5.1.1 The email account that you tried to reach does not exist."
            return {"type": fate.type, "status": "5.1.1", "reason": reason}
        case "dropped":
            return {"reason": fate.reason or "Bounced Address"}
    return {}
