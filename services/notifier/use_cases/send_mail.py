"""Send a mail: claim → send → record → publish the outcome, in this order.

At most one mail per message id that a provider accepted, however often and wherever the event is delivered; a second
call is made only when nobody can know what became of the first (DESIGN §6).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog

from services.notifier.domain.claim import AlreadySent, Claim, Claimed, Doubt, Exhausted, Held, TooLate
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from services.notifier.use_cases.open_sealed import Unmailable
from services.notifier.use_cases.report_outcome import ReportOutcome
from shared.events import Outcome
from shared.redelivery import TryLater, Unhandleable
from shared.unavailable import DependencyUnavailable

# After a timeout: long enough for a stalled provider to recover, short beside a code's 10 minutes.
SEND_AGAIN_AFTER: Final = timedelta(seconds=5)

Compose = Callable[[], OutgoingMail]
"""Writes the mail once it is ours to send. Raises: Unmailable."""

_log = structlog.get_logger()


class Claims(Protocol):
    """Who may send a message. Every verb is atomic; all raise DependencyUnavailable."""

    async def claim(self, message_id: UUID, expires_at: datetime) -> Claim: ...

    async def accepted(self, message_id: UUID, attempt: int, provider: str, expires_at: datetime) -> AlreadySent:
        """The provider took it. Returns the first acceptance, which is usually this one."""

    async def refused(self, message_id: UUID, attempt: int) -> None:
        """For sure nothing was sent under this claim."""

    async def doubted(self, message_id: UUID, attempt: int) -> Doubt:
        """Something may have been sent under this claim."""


class MailProvider(Protocol):
    name: str

    async def send(self, mail: OutgoingMail) -> ProviderAnswer:
        """Ends within the provider's deadline; failures are answers, not exceptions."""


class SendMail:
    def __init__(
        self, claims: Claims, provider: MailProvider, report: ReportOutcome, clock: Callable[[], datetime]
    ) -> None:
        self._claims = claims
        self._provider = provider
        self._report = report
        self._clock = clock

    async def __call__(self, due: MailDue, compose: Compose) -> None:
        """Raises: TryLater, Unhandleable, DependencyUnavailable."""
        claim = await self._claims.claim(due.message_id, due.expires_at)
        match claim:
            case Claimed(attempt):
                await self._send(due, compose, attempt)
            case AlreadySent(provider, attempt, at):
                await self._report(due, Outcome.ACCEPTED, provider, attempt, at)
            case Held(remaining):
                raise TryLater(remaining)
            case Exhausted(attempt, at):
                await self._report(due, Outcome.UNKNOWN, self._provider.name, attempt, at)
            case TooLate(attempt, at):
                await self._report(due, Outcome.FAILED, self._provider.name, attempt, at)

    async def _send(self, due: MailDue, compose: Compose, attempt: int) -> None:
        try:
            mail = compose()
        except Unmailable as error:
            await self._give_up(due, attempt, error.reason)
        except Exception:
            await self._let_go(due, attempt)
            raise
        else:
            await self._settle(due, attempt, await self._provider.send(mail))

    async def _settle(self, due: MailDue, attempt: int, answer: ProviderAnswer) -> None:
        match answer:
            case Accepted():
                sent = await self._remember(due, attempt)
                await self._report(due, Outcome.ACCEPTED, sent.provider, sent.attempt, sent.at)
            case Refused(reason, permanent=True):
                await self._give_up(due, attempt, reason)
            case Refused(reason, retry_after=wait):
                await self._let_go(due, attempt)
                self._warn("mail_refused", due, attempt, reason)
                raise TryLater(wait) if wait is not None else DependencyUnavailable(self._provider.name)
            case Unknown(reason):
                self._warn("mail_unknown", due, attempt, reason)
                await self._doubt(due, attempt)

    async def _remember(self, due: MailDue, attempt: int) -> AlreadySent:
        try:
            return await self._claims.accepted(due.message_id, attempt, self._provider.name, due.expires_at)
        except DependencyUnavailable:
            # Failing here would bring the event back after the lease and send a second mail. The commit that
            # follows the outcome protects as well.
            self._warn("mail_accepted_unrecorded", due, attempt, "redis")
            return AlreadySent(self._provider.name, attempt, self._clock())

    async def _doubt(self, due: MailDue, attempt: int) -> None:
        try:
            doubt = await self._claims.doubted(due.message_id, attempt)
        except DependencyUnavailable:
            doubt = Doubt(self._clock(), another=True)  # the claim decides when it can; it still counts this send
        await self._report(due, Outcome.UNKNOWN, self._provider.name, attempt, doubt.at)
        if doubt.another:
            raise TryLater(SEND_AGAIN_AFTER)

    async def _give_up(self, due: MailDue, attempt: int, reason: str) -> None:
        """Nothing is recorded as failed: once the cause is mended, a replay from the dead letters may send it."""
        await self._let_go(due, attempt)
        self._warn("mail_failed", due, attempt, reason)
        await self._report(due, Outcome.FAILED, self._provider.name, attempt, self._clock())
        raise Unhandleable(reason)

    async def _let_go(self, due: MailDue, attempt: int) -> None:
        try:
            await self._claims.refused(due.message_id, attempt)
        except DependencyUnavailable:
            self._warn("claim_not_released", due, attempt, "redis")  # the lease ends by itself

    def _warn(self, event: str, due: MailDue, attempt: int, reason: str) -> None:
        _log.warning(
            event,
            message_id=str(due.message_id),
            kind=due.kind,
            challenge_id=due.challenge_id and str(due.challenge_id),
            provider=self._provider.name,
            attempt=attempt,
            reason=reason,
        )
