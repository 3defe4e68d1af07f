"""What becomes of a message that could not be handled. Pure.

A failed message goes to its retry topic with a `not-before`, and after the last tier to its dead-letter topic.
The bytes go along unchanged (they hold ciphertext only); of the error just its class does, because messages of
exceptions may hold values.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.cloudevents import MOST_BODY_BYTES, Headers, Undecodable
from shared.topics import dead_letters_of, retry_of
from shared.unavailable import DependencyUnavailable

ATTEMPT: Final = "gatepost-attempt"
NOT_BEFORE: Final = "gatepost-not-before"
ERROR_CLASS: Final = "gatepost-error-class"
OVERSIZED: Final = "gatepost-oversized"  # a body of so many bytes was cut off
SOURCE: Final = "gatepost-source"  # topic/partition/offset of a record that could not be unpacked

MOST_HEADER_CHARS: Final = 1024

# 1 + 5 + 20 + 60 s, then every 60 s: a code lives 10 minutes, so an outage of minutes still ends in a mail.
TIERS: Final = tuple(timedelta(seconds=s) for s in (1, 5, 20, 60, 60, 60, 60, 60, 60, 60, 60))


class Unhandleable(Exception):
    """Raised by a handler: trying again cannot help. Straight to the dead letters."""


class TryLater(Exception):
    """Raised by a handler: nothing is wrong, but not before `delay` has passed."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(f"in {delay.total_seconds():.1f} s")
        self.delay = delay


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Where the message goes next, and the headers that it gets beside its own."""

    topic: str
    headers: Headers
    exhausted: bool = False  # it could have been handled, had there been more time or tries

    @property
    def dead(self) -> bool:
        return NOT_BEFORE not in self.headers


def attempt_of(headers: Headers) -> int:
    """How often the message has been tried before; foreign nonsense counts as never."""
    text = headers.get(ATTEMPT, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def not_before_of(headers: Headers) -> datetime | None:
    try:
        at = datetime.fromisoformat(headers[NOT_BEFORE])
    except (KeyError, ValueError):
        return None
    return at if at.tzinfo else None


def redeliver(
    topic: str, headers: Headers, error: BaseException, *, now: datetime, worthless_after: datetime | None
) -> Redelivery:
    """Decide where a failed message goes. `topic` is the original one, never a retry topic."""
    attempt = attempt_of(headers)
    named = {ERROR_CLASS: type(error).__name__, ATTEMPT: str(attempt + 1)}
    dead_letters = dead_letters_of(topic)
    if isinstance(error, Unhandleable | Undecodable):
        return Redelivery(dead_letters, named)
    # Who asks for another time, or waits for a dependency, is not failing: only the end of the event's life limits
    # how often. A code lives about as long as all tiers take; a notice outlasts a provider that is down for hours.
    endless = isinstance(error, TryLater | DependencyUnavailable) and worthless_after is not None
    delay = TIERS[min(attempt, len(TIERS) - 1)]
    if isinstance(error, TryLater):
        delay = max(delay, error.delay)
    due = now + delay
    if (attempt >= len(TIERS) and not endless) or (worthless_after is not None and due >= worthless_after):
        return Redelivery(dead_letters, named, exhausted=True)
    return Redelivery(retry_of(topic), named | {NOT_BEFORE: due.isoformat()})


def carried(key: bytes | None, body: bytes | None, headers: Headers) -> tuple[bytes | None, bytes, Headers]:
    """What of a message goes along: ours entirely; of a foreign one no more than a topic takes back.

    A record may be compressed to a fraction of what it unpacks to, and would be refused for ever when sent again.
    """
    kept = {name: value for name, value in headers.items() if _is_ours(name) and len(value) <= MOST_HEADER_CHARS}
    if key is not None and len(key) > MOST_HEADER_CHARS:
        key = None
    if body is not None and len(body) > MOST_BODY_BYTES:
        return key, b"", kept | {OVERSIZED: str(len(body))}
    return key, body or b"", kept


def _is_ours(name: str) -> bool:
    return name.startswith(("ce_", "gatepost-")) or name in ("content-type", "traceparent", "tracestate")
