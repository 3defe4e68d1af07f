"""CloudEvents 1.0 in Kafka binary mode: attributes in `ce_` headers, the JSON body alone in the value.

Source: CloudEvents Kafka protocol binding 1.0.2, §3.2.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeVar

from pydantic import ValidationError

from shared.events import Event

Headers = dict[str, str]
E = TypeVar("E", bound=Event)

CONTENT_TYPE: Final = "application/json"
MOST_BODY_BYTES: Final = 262_144  # a count by cohorts (population.py) has 20 kB or more, others stay below 4


class Undecodable(Exception):
    """These bytes are not the event they should be; trying again cannot help."""


def headers_of(event: Event, now: datetime) -> Headers:
    """The CloudEvents headers of an event that is published at `now`."""
    return {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_type": event.type,
        "ce_source": event.source,
        "ce_time": now.isoformat(),
        "content-type": CONTENT_TYPE,
    }


def body_of(event: Event) -> bytes:
    return event.model_dump_json().encode()


def text_headers(raw: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Kafka headers as text. Bytes that are no UTF-8 become U+FFFD: a foreign header must not stop a message."""
    return {name: (value or b"").decode("utf-8", "replace") for name, value in raw}


def decode(event_type: type[E], headers: Headers, body: bytes | None) -> E:
    """Read one event.

    Raises:
        Undecodable: another `ce_type`, another spec version, or a body that does not fit the class.
    """
    if headers.get("ce_specversion") != "1.0" or headers.get("ce_type") != event_type.type:
        raise Undecodable("not a CloudEvent of the expected type")
    if body is not None and len(body) > MOST_BODY_BYTES:
        raise Undecodable("too large for an event")
    try:
        return event_type.model_validate_json(body or b"")
    except ValidationError as error:
        # Only the places, never the values: this text goes into a log.
        places = sorted({".".join(map(str, problem["loc"])) or "body" for problem in error.errors()})
        raise Undecodable(f"does not fit {event_type.type}: {', '.join(places)}") from None
