"""Tell what was decided about each login. A login never waits for that, nor fails with it."""

from collections.abc import Awaitable, Callable
from typing import Final

from services.auth.use_cases.publish_later import KEPT, PublishLater
from shared.events import LoginOutcome
from shared.telemetry import meter

_lost: Final = meter.create_counter(
    "gatepost.login_outcome.lost", description="login outcomes that Kafka could not take in time"
)


class ReportOutcomes:
    """Keeps the newest `kept` outcomes while Kafka is away."""

    def __init__(self, publish: Callable[[LoginOutcome], Awaitable[None]], kept: int = KEPT) -> None:
        self._later = PublishLater(publish, lambda _: _lost.add(1), kept)

    def report(self, outcome: LoginOutcome) -> None:
        """Returns at once and raises nothing."""
        self._later(outcome)

    async def stop(self, deadline_s: float = 2.0) -> None:
        """Before the bus stops: publish what is waiting; what is not out by then is lost."""
        await self._later.stop(deadline_s)
