"""Tell what was decided about each login. A login never waits for that, nor fails with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Decision
from services.auth.domain.factor import Method
from shared.events import LoginOutcome
from shared.publish_later import KEPT, PublishLater
from shared.telemetry import meter

_lost: Final = meter.create_counter(
    "gatepost.login_outcome.lost", description="login outcomes that Kafka could not take in time"
)


class ReportOutcomes:
    """Keeps the newest `kept` outcomes while Kafka is away. Returns at once and raises nothing."""

    def __init__(
        self,
        publish: Callable[[LoginOutcome], Awaitable[None]],
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
        kept: int = KEPT,
    ) -> None:
        self._later = PublishLater(publish, lambda _: _lost.add(1), kept=kept)
        self._new_id = new_id
        self._now = now

    def decided(
        self,
        decision: Decision,
        account_id: UUID | None,
        product: str,
        challenge_id: UUID | None = None,
        method: Method | None = None,
    ) -> None:
        """`account_id` None: nobody has that name."""
        self._later(
            LoginOutcome(
                attempt_id=self._new_id(),
                account_id=account_id,
                challenge_id=challenge_id,
                outcome=decision.outcome,
                reason=decision.reason,
                method=method,
                region=decision.region,
                policy_version=decision.policy_version,
                product=product,
                at=self._now(),
            )
        )

    def completed(self, decision: Decision, challenge: Challenge, method: Method) -> None:
        self.decided(decision, challenge.account_id, challenge.product, challenge.id, method)

    async def stop(self, deadline_s: float = 2.0) -> None:
        """Before the bus stops: publish what is waiting; what is not out by then is lost."""
        await self._later.stop(deadline_s)
