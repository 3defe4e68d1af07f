"""What is remembered between sends: who may send a message, and which addresses are not mailed."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notifier.domain.claim import AlreadySent, Claim, Doubt, Withheld
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.provider_answer import Unknown
from services.notifier.domain.suppression import Cause, Suppression
from services.notifier.use_cases.deliver_mail import Delivery
from services.notifier.use_cases.tell_suppressed import TellSuppressed
from shared.unavailable import DependencyUnavailable


class Claims(Protocol):
    """Who may send a message. Every verb is atomic; all raise DependencyUnavailable."""

    async def claim(self, due: MailDue) -> Claim: ...

    async def count_another(self, due: MailDue, attempt: int, doubted: str) -> bool:
        """May one more send be made under this claim? `doubted` is who may have made the first."""

    async def accepted(self, due: MailDue, attempt: int, provider: str) -> AlreadySent:
        """The provider took it. Returns the first acceptance, which is usually this one."""

    async def refused(self, due: MailDue, attempt: int) -> None:
        """For sure nothing was sent under this claim."""

    async def withheld(self, due: MailDue, attempt: int) -> Withheld:
        """Nothing is sent under this claim, since the address is suppressed. Returns the first time that was so."""

    async def doubted(self, due: MailDue, attempt: int, delivery: Delivery) -> Doubt:
        """Something may have been sent under this claim."""


class ClaimedSends:
    """The sends under one claim, as they are made."""

    def __init__(self, claims: Claims, due: MailDue, attempt: int) -> None:
        self._claims = claims
        self._due = due
        self._attempt = attempt

    async def another(self, doubted: str) -> bool:
        return await self._claims.count_another(self._due, self._attempt, doubted)

    async def cut(self, provider: str) -> None:
        with suppress(DependencyUnavailable):  # the claim ends by itself, and the send counts all the same
            await self._claims.doubted(self._due, self._attempt, Delivery(provider, Unknown("cut")))


class Suppressions(Protocol):
    """All raise DependencyUnavailable."""

    async def of(self, address: str) -> Suppression | None: ...

    async def add(self, address: str, cause: Cause, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is remembered between sends."""

    claims: Claims
    suppressions: Suppressions
    tell_suppressed: TellSuppressed
