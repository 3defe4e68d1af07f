"""Which key signs, and which are accepted. Nobody tells anybody to switch: every instance does it by its clock.

A key is in the table, published and accepted, long before it signs: by then every instance and every gateway has it.
It signs until its successor does, and is accepted until the last token that it may have signed has expired.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from shared.keyring import encode

SEED_BYTES: Final = 32
LONGEST_TOKEN_LIFE: Final = timedelta(hours=1)  # the most that the settings allow an access token
CLOCK_SKEW: Final = timedelta(minutes=1)  # an instance whose clock is behind signs so much longer
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`seed` is that of an Ed25519 key, or empty where nothing is to be done with it."""

    kid: str
    seed: bytes = field(repr=False)
    created_at: datetime
    signs_from: datetime
    withdrawn_at: datetime | None = None

    @classmethod
    def fresh(cls, random_bytes: RandomBytes, now: datetime, lead: timedelta = timedelta(0)) -> Self:
        """Named by day, so that people can tell keys apart, and at random, so that two made at once differ."""
        kid = f"{now:%Y%m%d}-{encode(random_bytes(6))}"
        return cls(kid, random_bytes(SEED_BYTES), now, now + lead)

    @property
    def never_signs(self) -> bool:
        return self.withdrawn_at is not None and self.withdrawn_at <= self.signs_from


class SigningKeys:
    """The keys as one instance knows them. Empty: none could be read yet."""

    def __init__(self, keys: Iterable[SigningKey] = ()) -> None:
        self.replace(keys)

    def replace(self, keys: Iterable[SigningKey]) -> None:
        ordered = sorted((key for key in keys if not key.never_signs), key=lambda key: (key.signs_from, key.kid))
        ends = [successor.signs_from + LONGEST_TOKEN_LIFE + CLOCK_SKEW for successor in ordered[1:]]
        self._until = {
            key.kid: (key, end) for key, end in zip(ordered, [*ends, None], strict=False) if key.withdrawn_at is None
        }

    def accepted(self, now: datetime) -> tuple[SigningKey, ...]:
        """Also those to be published, newest first."""
        return tuple(key for key, end in reversed(self._until.values()) if end is None or now <= end)

    def get(self, kid: str, now: datetime) -> SigningKey | None:
        """The key of that id, if it is accepted."""
        key, end = self._until.get(kid, (None, None))
        return None if end is not None and now > end else key

    def signer(self, now: datetime) -> SigningKey | None:
        """The newest whose time has come; before the time of any, the next: this clock is behind."""
        accepted = self.accepted(now)
        begun = (key for key in accepted if key.signs_from <= now)
        return next(begun, accepted[-1] if accepted else None)
