"""How many challenges of one account count. Pure.

Whoever knows one password can be asked for a code again and again, and let each of them end badly: beyond the cap of
the account no code is even made. That says something of the account, and nothing of its region.
"""

from typing import Final
from uuid import UUID

from services.rollout.domain.observed_challenges import KEPT_S

_HOUR_S: Final = 3600
_KEPT_HOURS: Final = KEPT_S // _HOUR_S


class FairShare:
    """The first `most` of an account in each hour, in the order in which they are told of: Kafka keeps that of an
    account. Never more than `accounts` are remembered."""

    def __init__(self, most: int, accounts: int = 500_000) -> None:
        self._most = most
        self._accounts = accounts
        self._newest_hour = 0
        self._taken: dict[int, int] = {}  # by account: the hour, and how many of it; one number, which takes less room

    def __len__(self) -> int:
        return len(self._taken)

    def takes(self, account_id: UUID, at: float) -> bool:
        """Whether one more of the account, asked for `at` (seconds since 1970), counts."""
        hour = int(at // _HOUR_S)
        self._forget(hour)
        known_hour, taken = divmod(self._taken.get(account_id.int, -1), self._most + 1)
        if known_hour != hour:
            taken = 0
        if taken >= self._most:
            return False
        self._taken[account_id.int] = hour * (self._most + 1) + taken + 1
        return True

    def _forget(self, hour: int) -> None:
        if hour > self._newest_hour:
            self._newest_hour = hour
            oldest = (hour - _KEPT_HOURS) * (self._most + 1)
            self._taken = {account: taken for account, taken in self._taken.items() if taken >= oldest}
        if len(self._taken) >= self._accounts:
            self._taken.clear()  # they count anew: better than memory without an end
