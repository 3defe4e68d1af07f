"""How much a provider takes, as far as that was seen. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from shared.events import ProviderLimitObserved


@dataclass(frozen=True, slots=True)
class Minute:
    """Of one provider and all notifiers: mails that it accepted, and how often it asked for patience (429, a quota that
    is used up)."""

    accepted: int = 0
    patience: int = 0

    def plus(self, other: "Minute") -> Self:
        return type(self)(self.accepted + other.accepted, self.patience + other.patience)


def observed(
    before: ProviderLimitObserved | None, provider: str, minute: Minute, ends: datetime, set_per_minute: int
) -> ProviderLimitObserved | None:
    """What is known after that minute; None: no more than before.

    A minute in which it asked for patience shows its limit. It holds until a calm minute in which it takes more.
    """
    if before is not None and ends <= before.at:
        return None
    most, limit = (before.most_per_minute, before.limit_per_minute) if before else (0, None)
    if minute.patience:
        limit = minute.accepted
    else:
        most = max(most, minute.accepted)
        limit = None if limit is not None and minute.accepted > limit else limit
    if before is None and minute == Minute():
        return None
    if before is not None:
        was = before.most_per_minute, before.limit_per_minute, before.set_per_minute
        if was == (most, limit, set_per_minute):
            return None
    return ProviderLimitObserved(
        provider=provider, most_per_minute=most, limit_per_minute=limit, set_per_minute=set_per_minute, at=ends
    )
