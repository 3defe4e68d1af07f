"""Tell the others what became of a mail, and count it."""

from collections.abc import Awaitable, Callable
from typing import Final

from opentelemetry import trace

from services.notifier.domain.fate import Fate
from services.notifier.domain.mail_due import MailDue
from shared.events import EmailOutcome
from shared.telemetry import meter

_outcomes: Final = meter.create_counter(
    "gatepost.mail.outcomes",
    description="mails by kind, outcome, provider and region; redelivered outcomes count again",
)

Publish = Callable[[EmailOutcome], Awaitable[None]]


class ReportOutcome:
    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    async def __call__(self, due: MailDue, fate: Fate) -> None:
        """Raises: DependencyUnavailable."""
        labels = {"kind": due.kind, "outcome": fate.outcome, "provider": fate.provider, "region": due.region}
        _outcomes.add(1, labels)
        span = trace.get_current_span()
        if span.is_recording():
            if due.challenge_id is not None:
                span.set_attribute("gatepost.challenge.id", str(due.challenge_id))
            span.set_attribute("gatepost.region", due.region)
            span.set_attribute("gatepost.mail.outcome", fate.outcome)
        await self._publish(
            EmailOutcome(
                message_id=due.message_id,
                account_id=due.account_id,
                challenge_id=due.challenge_id,
                kind=due.kind,
                region=due.region,
                provider=fate.provider,
                outcome=fate.outcome,
                attempt=fate.attempt,
                at=fate.at,
                reason=fate.reason,
            )
        )
