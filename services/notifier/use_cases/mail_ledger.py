"""What is remembered between sends: who may send a message, and which addresses are not mailed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notifier.domain.claim import AlreadySent, Claim, Doubt
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.suppression import Cause, Suppression
from services.notifier.use_cases.deliver_mail import Delivery


class Claims(Protocol):
    """Who may send a message. Every verb is atomic; all raise DependencyUnavailable."""

    async def claim(self, due: MailDue) -> Claim: ...

    async def count_another(self, due: MailDue, attempt: int, doubted: str) -> bool:
        """May one more send be made under this claim? `doubted` is who may have made the first."""

    async def accepted(self, due: MailDue, attempt: int, provider: str) -> AlreadySent:
        """The provider took it. Returns the first acceptance, which is usually this one."""

    async def refused(self, due: MailDue, attempt: int) -> None:
        """For sure nothing was sent under this claim."""

    async def doubted(self, due: MailDue, attempt: int, delivery: Delivery) -> Doubt:
        """Something may have been sent under this claim."""


class Suppressions(Protocol):
    """All raise DependencyUnavailable."""

    async def of(self, address: str) -> Suppression | None: ...

    async def add(self, address: str, cause: Cause, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is remembered between sends."""

    claims: Claims
    suppressions: Suppressions
