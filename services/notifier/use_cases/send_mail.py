"""Send a mail: claim → write → send → record → publish the outcome, in this order.

At most one mail per message id that a provider accepted, however often and wherever the event is delivered; a second
call is made only when nobody can know what became of the first (DESIGN §6).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.notifier.domain.claim import AlreadySent, Claimed, Closed, Doubt, Exhausted, Held, TooLate
from services.notifier.domain.fate import CHALLENGE_CLOSED, NO_PROVIDER, SUPPRESSED, Fate
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, Refused, Unknown
from services.notifier.domain.suppression import Cause, Sighting, SuppressedAccount
from services.notifier.use_cases.deliver_mail import DeliverMail, Delivery
from services.notifier.use_cases.mail_ledger import ClaimedSends, Ledger
from services.notifier.use_cases.open_sealed import Unmailable
from services.notifier.use_cases.report_outcome import ReportOutcome
from shared.events import Outcome
from shared.redelivery import TryLater, Unhandleable
from shared.unavailable import DependencyUnavailable

# After a timeout with nobody else to ask: long enough for a stalled provider to recover, short beside 10 minutes.
SEND_AGAIN_AFTER: Final = timedelta(seconds=5)

Label = Callable[[MailDue, int], Mapping[str, str]]
"""What the provider keeps with a mail, sent at the given attempt, and says again of it later."""

Compose = Callable[[], OutgoingMail]
"""Writes the mail once it is ours to send. Raises: Unmailable."""

_log = structlog.get_logger()


class SendMail:
    def __init__(
        self,
        ledger: Ledger,
        deliver: DeliverMail,
        report: ReportOutcome,
        label: Label,
        clock: Callable[[], datetime],
    ) -> None:
        self._claims = ledger.claims
        self._suppressions = ledger.suppressions
        self._tell_suppressed = ledger.tell_suppressed
        self._deliver = deliver
        self._report = report
        self._label = label
        self._clock = clock

    async def __call__(self, due: MailDue, compose: Compose) -> None:
        """Raises: TryLater, Unhandleable, DependencyUnavailable."""
        claim = await self._claims.claim(due)
        match claim:
            case Claimed():
                await self._write_and_send(due, compose, claim)
            case Held(remaining):
                raise TryLater(remaining)
            case _:
                await self._report(due, settled(claim))

    async def _write_and_send(self, due: MailDue, compose: Compose, claim: Claimed) -> None:
        try:
            mail = compose()
            suppression = await self._suppressions.of(mail.to)
        except Unmailable as error:
            await self._give_up(due, claim, Delivery(NO_PROVIDER, Refused(error.reason, permanent=True)))
        except Exception:
            await self._let_go(due, claim.attempt)
            raise
        else:
            if suppression is None:
                await self._send(due, mail, claim)
            else:
                first = await self._claims.withheld(due, claim.attempt)
                await self._tell_suppressed(mail.to, SuppressedAccount(due.account_id, due.region), suppression)
                fate = Fate(Outcome.DROPPED, NO_PROVIDER, first.attempt, first.at, SUPPRESSED)
                await self._report(due, fate)

    async def _send(self, due: MailDue, mail: OutgoingMail, claim: Claimed) -> None:
        labelled = replace(mail, labels=self._label(due, claim.attempt), hurried=due.kind != "announcement")
        sends = ClaimedSends(self._claims, due, claim.attempt)
        delivery = await self._deliver(labelled, due.region, claim.doubted, sends)
        match delivery.answer:
            case Accepted():
                sent = await self._remember(due, claim.attempt, delivery.provider)
                await self._report(due, settled(sent))
            case Unknown():
                self._warn("mail_unknown", due, claim.attempt, delivery)
                await self._doubt(due, claim.attempt, delivery)
            case Refused(undeliverable=True):
                await self._bounce(due, mail.to, claim.attempt, delivery)
            case Refused(permanent=True):
                await self._give_up(due, claim, delivery)
            case Refused(retry_after=wait):
                await self._let_go(due, claim.attempt)
                self._warn("mail_refused", due, claim.attempt, delivery)
                raise TryLater(wait) if wait is not None else DependencyUnavailable(delivery.provider)

    async def _remember(self, due: MailDue, attempt: int, provider: str) -> AlreadySent:
        try:
            return await self._claims.accepted(due, attempt, provider)
        except DependencyUnavailable:
            # Failing here would bring the event back after the lease and send a second mail. The commit that
            # follows the outcome protects as well.
            self._warn("mail_accepted_unrecorded", due, attempt, Delivery(provider, Accepted()))
            return AlreadySent(provider, attempt, self._clock())

    async def _doubt(self, due: MailDue, attempt: int, delivery: Delivery) -> None:
        try:
            doubt = await self._claims.doubted(due, attempt, delivery)
        except DependencyUnavailable:
            doubt = Doubt(self._clock(), another=True)  # the claim decides when it can; it still counts this send
        await self._report(due, Fate(Outcome.UNKNOWN, delivery.provider, attempt, doubt.at))
        if doubt.another:
            raise TryLater(SEND_AGAIN_AFTER)

    async def _bounce(self, due: MailDue, address: str, attempt: int, delivery: Delivery) -> None:
        """What a provider of the other kind tells by its webhook."""
        await self._let_go(due, attempt)
        self._warn("mail_bounced", due, attempt, delivery)
        seen = Sighting(address, Cause.BOUNCED, self._clock())
        await self._suppressions.add(address, seen.cause, seen.at)
        await self._tell_suppressed.sighted(seen, SuppressedAccount(due.account_id, due.region))
        await self._report(due, Fate(Outcome.BOUNCED, delivery.provider, attempt, self._clock()))

    async def _give_up(self, due: MailDue, claim: Claimed, delivery: Delivery) -> None:
        """Nothing is recorded as failed: once the cause is mended, a replay from the dead letters may send it."""
        await self._let_go(due, claim.attempt)
        self._warn("mail_failed", due, claim.attempt, delivery)
        await self._report(due, not_sent(claim, delivery.provider, self._clock()))
        raise Unhandleable(_reason(delivery))

    async def _let_go(self, due: MailDue, attempt: int) -> None:
        try:
            await self._claims.refused(due, attempt)
        except DependencyUnavailable:
            self._warn("claim_not_released", due, attempt, None)  # the lease ends by itself

    def _warn(self, event: str, due: MailDue, attempt: int, delivery: Delivery | None) -> None:
        _log.warning(
            event,
            message_id=str(due.message_id),
            kind=due.kind,
            challenge_id=due.challenge_id and str(due.challenge_id),
            provider=delivery and delivery.provider,
            attempt=attempt,
            reason=delivery and _reason(delivery),
        )


def settled(claim: AlreadySent | Exhausted | TooLate | Closed) -> Fate:
    """What is known of a mail that is not ours to send."""
    match claim:
        case AlreadySent(provider, attempt, at):
            return Fate(Outcome.ACCEPTED, provider, attempt, at)
        case Exhausted(attempt, at, provider):
            return Fate(Outcome.UNKNOWN, provider or NO_PROVIDER, attempt, at)
        case TooLate(attempt, at):
            return Fate(Outcome.FAILED, NO_PROVIDER, attempt, at)
        case Closed(attempt, at):
            return Fate(Outcome.DROPPED, NO_PROVIDER, attempt, at, CHALLENGE_CLOSED)


def not_sent(claim: Claimed, provider: str, at: datetime) -> Fate:
    """Nothing was sent under this claim, and will not be; what was sent before may have arrived."""
    if claim.doubted is None:
        return Fate(Outcome.FAILED, provider, claim.attempt, at)
    return Fate(Outcome.UNKNOWN, claim.doubted, claim.attempt, at)


def _reason(delivery: Delivery) -> str:
    return "accepted" if isinstance(delivery.answer, Accepted) else delivery.answer.reason
