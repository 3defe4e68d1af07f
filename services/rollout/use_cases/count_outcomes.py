"""What becomes of the mails of each region, as a metric: a region that gets no mail must not stay silent.

A redelivered event counts again; for rates over minutes that does not matter.
"""

from shared.events import EmailOutcome
from shared.telemetry import meter

_outcomes = meter.create_counter("gatepost.region.mail_outcomes", description="mail outcomes by region and kind")


async def count_outcome(outcome: EmailOutcome) -> None:
    _outcomes.add(1, {"region": outcome.region, "kind": outcome.kind, "outcome": outcome.outcome})
