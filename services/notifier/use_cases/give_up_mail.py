"""No more tries for this mail: say so, unless it was sent after all."""

from collections.abc import Callable
from datetime import datetime

from services.notifier.domain.claim import AlreadySent, Claimed, Exhausted, Held, TooLate
from services.notifier.domain.mail_due import MailDue
from services.notifier.use_cases.report_outcome import ReportOutcome
from services.notifier.use_cases.send_mail import Claims
from shared.events import Outcome


class GiveUpMail:
    """Without it the page of somebody who waits for a code would say "queued" until the challenge ends."""

    def __init__(self, claims: Claims, report: ReportOutcome, provider: str, clock: Callable[[], datetime]) -> None:
        self._claims = claims
        self._report = report
        self._provider = provider
        self._clock = clock

    async def __call__(self, due: MailDue) -> None:
        """Raises: DependencyUnavailable."""
        claim = await self._claims.claim(due.message_id, due.expires_at)
        match claim:
            case AlreadySent(provider, attempt, at):
                await self._report(due, Outcome.ACCEPTED, provider, attempt, at)
            case Claimed(attempt):
                await self._claims.refused(due.message_id, attempt)  # a replay from the dead letters may send it
                await self._report(due, Outcome.FAILED, self._provider, attempt, self._clock())
            case TooLate(attempt, at):
                await self._report(due, Outcome.FAILED, self._provider, attempt, at)
            case Exhausted(attempt, at):
                await self._report(due, Outcome.UNKNOWN, self._provider, attempt, at)
            case Held():  # whoever sends it just now will say what came of it
                pass
