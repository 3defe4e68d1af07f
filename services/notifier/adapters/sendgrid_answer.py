"""What a status of SendGrid means for one mail. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown

SHORTEST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(seconds=60)  # a code lives 10 minutes; nobody may ask us to sleep through it

_ABOUT_THIS_MAIL: Final = frozenset({400, 413})
_ASKS_FOR_PATIENCE: Final = frozenset({408, 429})
_TOO_MANY: Final = 429
_NO_WORD_FROM_BEHIND: Final = frozenset({502, 504})


def answer_of(status: int, headers: Mapping[str, str], now: datetime) -> ProviderAnswer:
    """`headers` are looked up without regard to case (aiohttp's are)."""
    reason = f"http-{status}"
    if 200 <= status < 300:
        return Accepted(_pause(headers, now))
    if status in _ABOUT_THIS_MAIL:
        return Refused(reason, permanent=True)
    if status in _NO_WORD_FROM_BEHIND:
        return Unknown(reason)  # a proxy got no answer that it understood; the API behind it may have taken the mail
    return Refused(reason, retry_after=_wait(status, headers, now))


def _pause(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The last call of a period says so."""
    return _wait(_TOO_MANY, headers, now) if _number(headers.get("X-RateLimit-Remaining", "")) == 0 else None


def is_our_fault(status: int) -> bool:
    """A wrong key, missing rights or an address that is not SendGrid's API: no mail will pass until it is mended."""
    return 300 <= status < 500 and status not in _ABOUT_THIS_MAIL | _ASKS_FOR_PATIENCE


def _wait(status: int, headers: Mapping[str, str], now: datetime) -> timedelta | None:
    wait = _retry_after(headers.get("Retry-After", "")[:64], now)
    if wait is None and (status == _TOO_MANY or _number(headers.get("X-RateLimit-Remaining", "")) == 0):
        wait = _reset(headers.get("X-RateLimit-Reset", ""), now)
    return None if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110 §10.2.3)."""
    seconds = _number(text)
    if seconds is not None:
        return timedelta(seconds=seconds)
    try:
        at = parsedate_to_datetime(text)
        return at - now if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _reset(text: str, now: datetime) -> timedelta | None:
    """Epoch seconds."""
    seconds = _number(text)
    return timedelta(seconds=seconds - now.timestamp()) if seconds is not None else None


def _number(text: str) -> int | None:
    """Whole seconds of at most 11 digits, so that no arithmetic overflows."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
