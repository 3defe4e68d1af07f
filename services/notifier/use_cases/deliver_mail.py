"""Ask one provider after the other, until one takes the mail or nobody is left."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from services.notifier.domain.mail_routes import MailRoutes
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from shared.unavailable import DependencyUnavailable


class Sends(Protocol):
    """The sends of one mail, as they are made."""

    async def another(self, doubted: str) -> bool:
        """Given who may have sent it: may one more be made? It is counted before it is made.

        Raises: DependencyUnavailable.
        """

    async def cut(self, provider: str) -> None:
        """We are to stop while this one has the mail: nobody will know what became of it, and others need not wait."""


class MailProvider(Protocol):
    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        """Ends within that time, and little more; failures are answers, not exceptions."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The answer that counts. `unused`: another send was counted and for sure not made."""

    provider: str
    answer: ProviderAnswer
    unused: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `first` of a provider, by its name, while there is somebody else to ask; `last` when there is not."""

    first_s: Mapping[str, float]
    last_s: float


class DeliverMail:
    def __init__(self, providers: Mapping[str, MailProvider], routes: MailRoutes, patience: Patience) -> None:
        self._providers = providers
        self._routes = routes
        self._patience = patience

    async def __call__(self, mail: OutgoingMail, region: str, doubted: str | None, sends: Sends) -> Delivery:
        order = self._routes.of(region, doubted)
        refusals: list[Delivery] = []
        unknown: Delivery | None = None
        for name in order:
            if unknown is not None and not unknown.unused:
                if not await _counted(sends, unknown.provider):
                    break
                unknown = replace(unknown, unused=True)
            within_s = self._patience.last_s if name == order[-1] else self._patience.first_s[name]
            try:
                delivery = Delivery(name, await self._providers[name].send(mail, within_s))
            except asyncio.CancelledError:
                await sends.cut(name)
                raise
            match delivery.answer:
                case Accepted() | Refused(undeliverable=True):
                    return delivery
                case Unknown() if unknown is not None:
                    return delivery
                case Unknown():
                    unknown = delivery
                case Refused():
                    refusals.append(delivery)
        return unknown or _mildest(refusals)


async def _counted(sends: Sends, doubted: str) -> bool:
    try:
        return await sends.another(doubted)
    except DependencyUnavailable:
        return False  # nobody counts: no second send, and the doubt about the first is told


def _mildest(refusals: list[Delivery]) -> Delivery:
    """Whoever may take it later counts more than who never will; of those, who is ready first."""

    def severity(delivery: Delivery) -> tuple[bool, timedelta]:
        answer = delivery.answer
        assert isinstance(answer, Refused)
        return answer.permanent, answer.retry_after or timedelta(0)

    return min(refusals, key=severity)
