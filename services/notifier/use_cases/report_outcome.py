"""Tell the others what became of a mail, and count it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from opentelemetry import trace

from shared.events import EmailOutcome, Outcome, PasscodeIssued
from shared.telemetry import meter

_outcomes: Final = meter.create_counter(
    "gatepost.mail.outcomes", description="mails by outcome, provider and region; redelivered outcomes count again"
)

Publish = Callable[[EmailOutcome], Awaitable[None]]


class ReportOutcome:
    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    async def __call__(
        self, issued: PasscodeIssued, outcome: Outcome, provider: str, attempt: int, at: datetime
    ) -> None:
        """`attempt` and `at` of the send, so that the same fact reported twice is the same event.

        Raises: DependencyUnavailable.
        """
        _outcomes.add(1, {"outcome": outcome, "provider": provider, "region": issued.region})
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attribute("gatepost.challenge.id", str(issued.challenge_id))
            span.set_attribute("gatepost.region", issued.region)
            span.set_attribute("gatepost.mail.outcome", outcome)
        await self._publish(
            EmailOutcome(
                message_id=issued.message_id,
                account_id=issued.account_id,
                challenge_id=issued.challenge_id,
                region=issued.region,
                provider=provider,
                outcome=outcome,
                attempt=attempt,
                at=at,
            )
        )
