"""A dead letter: what may be shown of it, and whether it may be handled once more. Pure.

Anybody who can write to Kafka can write one. So nothing is shown but the fields that our events have, ids that look
like ours, and what our own words are known to be; the rest is a length.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Final, get_args, get_type_hints

from shared.cloudevents import Headers, Undecodable, decode
from shared.events import EVENTS, Event, Sealed
from shared.redelivery import ATTEMPT, ERROR_CLASS, NOT_BEFORE, OVERSIZED, SOURCE, attempt_of

REPLAYED: Final = "gatepost-replayed"  # of a mark: the offset, in the same partition, of what was replayed

_EVENT_TYPES: Final = {event.topic: event for event in EVENTS}
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z][a-z0-9-]{0,31}")  # a UUID, or a region
_SOURCE: Final = re.compile(r"[a-z0-9.-]{1,128}/\d{1,5}/\d{1,19}")
_TRACE: Final = re.compile(r"00-([0-9a-f]{32})-.*")


class Refusal(StrEnum):
    """Why a dead letter is not replayed."""

    CONTENT_GONE = "its content was too large or could not be unpacked, and is not here"
    UNREADABLE = "this version of gatepost cannot read it, so nobody knows what it is worth"
    EXPIRED = "it has expired: nobody is helped by it any more"


@dataclass(frozen=True)
class DeadLetter:
    """`origin`: the topic where it could not be handled. `offset`: in the dead-letter topic. `at`: when it died."""

    origin: str
    partition: int
    offset: int
    at: datetime
    key: bytes | None = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    @cached_property
    def event(self) -> Event | None:
        try:
            return decode(_EVENT_TYPES[self.origin], self.headers, self.body)
        except (KeyError, Undecodable):
            return None

    @property
    def event_id(self) -> str:
        return self.event.id if self.event else _id(self.headers.get("ce_id", ""))

    @property
    def error_class(self) -> str:
        name = self.headers.get(ERROR_CLASS, "")
        return name if name.isidentifier() and name.isascii() and len(name) <= 64 else _length(name)

    @property
    def marks(self) -> int | None:
        """The offset whose replay this records; a real dead letter, whatever its headers, has died of something."""
        offset = self.headers.get(REPLAYED, "")
        return int(offset) if re.fullmatch(r"\d{1,19}", offset, re.ASCII) and ERROR_CLASS not in self.headers else None

    def expired(self, now: datetime) -> bool:
        end = self.event.worthless_after if self.event else None
        return end is not None and end <= now

    def refusal(self, now: datetime) -> Refusal | None:
        """Why it is not to be handled once more."""
        if OVERSIZED in self.headers or SOURCE in self.headers:
            return Refusal.CONTENT_GONE
        if self.event is None:
            return Refusal.UNREADABLE
        return Refusal.EXPIRED if self.expired(now) else None

    def fresh_headers(self) -> Headers:
        """Its own, without what its failures added: it gets all its tries again, from now on."""
        return {name: value for name, value in self.headers.items() if name not in (ATTEMPT, ERROR_CLASS, NOT_BEFORE)}


def shown(letter: DeadLetter, now: datetime, *, replayed: bool) -> dict[str, Any]:
    """What an operator sees, as JSON: no code, no ciphertext, nothing that is not ours."""
    event = letter.event
    source, trace = letter.headers.get(SOURCE, ""), _TRACE.fullmatch(letter.headers.get("traceparent", ""))
    return {
        "partition": letter.partition,
        "offset": letter.offset,
        "dead_since": letter.at.isoformat(),
        "published_at": _time(letter.headers.get("ce_time", "")),
        "key": _id((letter.key or b"").decode("utf-8", "replace")),
        "id": letter.event_id,
        "type": event.type if event else None,
        "attempt": attempt_of(letter.headers),
        "error_class": letter.error_class,
        "source": source if _SOURCE.fullmatch(source) else None,
        "trace_id": trace[1] if trace else None,
        "expired": letter.expired(now),
        "replayed": replayed,
        "not_replayable": letter.refusal(now),
        "body": _fields(event) if event else f"<{len(letter.body)} bytes>",
    }


def _fields(event: Event) -> dict[str, Any]:
    sealed = _sealed_fields(type(event))
    return {
        name: f"<sealed, {value.partition('.')[0]}>" if name in sealed and value is not None else value
        for name, value in event.model_dump(mode="json").items()
    }


@cache
def _sealed_fields(event_type: type[Event]) -> frozenset[str]:
    hints = get_type_hints(event_type, include_extras=True)
    return frozenset(name for name in event_type.model_fields if Sealed in (hints[name], *get_args(hints[name])))


def _id(text: str) -> str:
    return text if _ID.fullmatch(text) else _length(text)


def _length(text: str) -> str:
    return f"<{len(text)} characters>"


def _time(text: str) -> str | None:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None
