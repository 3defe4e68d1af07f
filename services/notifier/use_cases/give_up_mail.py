"""No more tries for this mail: say so, unless it was sent after all."""

from collections.abc import Callable
from datetime import datetime

from services.notifier.domain.claim import Claimed, Held
from services.notifier.domain.fate import NO_PROVIDER
from services.notifier.domain.mail_due import MailDue
from services.notifier.use_cases.mail_ledger import Claims
from services.notifier.use_cases.report_outcome import ReportOutcome
from services.notifier.use_cases.send_mail import not_sent, settled


class GiveUpMail:
    """Without it the page of somebody who waits for a code would say "queued" until the challenge ends."""

    def __init__(self, claims: Claims, report: ReportOutcome, clock: Callable[[], datetime]) -> None:
        self._claims = claims
        self._report = report
        self._clock = clock

    async def __call__(self, due: MailDue) -> None:
        """Raises: DependencyUnavailable."""
        claim = await self._claims.claim(due)
        match claim:
            case Claimed():
                await self._claims.refused(due, claim.attempt)  # a replay from the dead letters may send it
                await self._report(due, not_sent(claim, NO_PROVIDER, self._clock()))
            case Held():  # whoever sends it just now will say what came of it
                pass
            case _:
                await self._report(due, settled(claim))
