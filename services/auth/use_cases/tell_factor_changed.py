"""The owner of an account hears that one of its factors is another now."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.auth.use_cases.tell_owner import TellOwner
from shared.events import NoticeDetails, NoticeKind


class ChangedFactor(StrEnum):
    """What the notifier has words for."""

    TOTP = "totp"
    RECOVERY_CODES = "recovery-codes"


class TellFactorChanged:
    """After the fact. `product`: the one that it was done with."""

    def __init__(self, tell: TellOwner, now: Callable[[], datetime]) -> None:
        self._tell = tell
        self._now = now

    async def __call__(self, factor: ChangedFactor, account_id: UUID, product: str) -> None:
        details = NoticeDetails(device=product, factor=factor)
        await self._tell(NoticeKind.FACTOR_CHANGED, account_id, self._now(), details)
