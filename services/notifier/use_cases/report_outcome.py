"""Tell the others what became of a mail, and count it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from opentelemetry import trace

from services.notifier.domain.mail_due import MailDue
from shared.events import EmailOutcome, Outcome
from shared.telemetry import meter

_outcomes: Final = meter.create_counter(
    "gatepost.mail.outcomes",
    description="mails by kind, outcome, provider and region; redelivered outcomes count again",
)

Publish = Callable[[EmailOutcome], Awaitable[None]]


class ReportOutcome:
    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    async def __call__(self, due: MailDue, outcome: Outcome, provider: str, attempt: int, at: datetime) -> None:
        """`attempt` and `at` of the send, so that the same fact reported twice is the same event.

        Raises: DependencyUnavailable.
        """
        _outcomes.add(1, {"kind": due.kind, "outcome": outcome, "provider": provider, "region": due.region})
        span = trace.get_current_span()
        if span.is_recording():
            if due.challenge_id is not None:
                span.set_attribute("gatepost.challenge.id", str(due.challenge_id))
            span.set_attribute("gatepost.region", due.region)
            span.set_attribute("gatepost.mail.outcome", outcome)
        await self._publish(
            EmailOutcome(
                message_id=due.message_id,
                account_id=due.account_id,
                challenge_id=due.challenge_id,
                kind=due.kind,
                region=due.region,
                provider=provider,
                outcome=outcome,
                attempt=attempt,
                at=at,
            )
        )
