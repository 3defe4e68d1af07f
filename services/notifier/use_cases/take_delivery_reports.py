"""Take a batch of a provider's reports: what they say of addresses is kept, what became of mails is published, and only
then is it remembered that they were told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from services.notifier.domain.sendgrid_event import DeliveryReport, ReadLabels, Unreported, event_name, read_event
from services.notifier.domain.standing import Standing
from services.notifier.domain.suppression import Sighting, SuppressedAccount
from services.notifier.use_cases.tell_suppressed import TellSuppressed
from shared.events import EmailOutcome
from shared.telemetry import continuing, meter, trace_headers
from shared.unavailable import DependencyUnavailable

PROVIDER: Final = "sendgrid"
# Copies of a batch that come while it is told wait this long for its end, and are then answered as it was.
LOOKS: Final = 20
LOOK_AGAIN_S: Final = 0.1

_reports: Final = meter.create_counter(
    "gatepost.mail.reports",
    description="what a provider reported, by event, region and result: told, failed, duplicate; without a region: "
    "ignored, foreign, unreadable",
)

PublishAll = Callable[[Sequence[tuple[EmailOutcome, Mapping[str, str]]]], Awaitable[Sequence[bool]]]
"""Of each whether it is on Kafka. Beside it: the trace headers of what it follows from."""


class Told(Protocol):
    """Which reports were told already. Atomic; raises DependencyUnavailable."""

    async def take(self, ids: Sequence[str]) -> Sequence[Standing]:
        """Where each stands. Those that nobody has are ours from now on, for a while."""

    async def settle(self, told: Sequence[str], untold: Sequence[str]) -> None:
        """Of ours: those that were told, and those that are anybody's again."""


class Suppresses(Protocol):
    async def add_all(self, sightings: Sequence[Sighting]) -> None:
        """Raises: DependencyUnavailable."""


class TakeDeliveryReports:
    def __init__(
        self,
        told: Told,
        suppressions: Suppresses,
        tell_suppressed: TellSuppressed,
        publish: PublishAll,
        read_labels: ReadLabels,
    ) -> None:
        self._told = told
        self._suppressions = suppressions
        self._tell_suppressed = tell_suppressed
        self._publish = publish
        self._read_labels = read_labels

    async def __call__(self, events: Iterable[object]) -> None:
        """Returns once all outcomes of the batch are on Kafka, whoever put them there.

        Raises: DependencyUnavailable: the batch must come again. What was told by then is told twice only if Redis
        could not be told so.
        """
        waiting = self._read(events)
        for _ in range(LOOKS):
            waiting = await self._tell_ours(waiting)
            if not waiting:
                return
            await asyncio.sleep(LOOK_AGAIN_S)
        raise DependencyUnavailable("redis")

    def _read(self, events: Iterable[object]) -> list[DeliveryReport]:
        """Those that lead to an outcome, each once; the others are counted."""
        reports: dict[str, DeliveryReport] = {}
        for event in events:
            report = read_event(event, self._read_labels)
            if isinstance(report, Unreported):
                _reports.add(1, {"event": event_name(event), "result": report, "region": ""})
            elif report.id in reports:
                _count("duplicate", report)
            else:
                reports[report.id] = report
        return list(reports.values())

    async def _tell_ours(self, reports: Sequence[DeliveryReport]) -> list[DeliveryReport]:
        """Those that another is telling."""
        if not reports:
            return []
        standings = await self._told.take([report.id for report in reports])
        sorted_out: dict[Standing, list[DeliveryReport]] = {standing: [] for standing in Standing}
        for report, standing in zip(reports, standings, strict=True):
            sorted_out[standing].append(report)
        for report in sorted_out[Standing.TOLD]:
            _count("duplicate", report)
        if ours := sorted_out[Standing.OURS]:
            await self._tell_all(ours)
        return sorted_out[Standing.ANOTHER]

    async def _tell_all(self, reports: Sequence[DeliveryReport]) -> None:
        ids = [report.id for report in reports]
        try:
            if seen := [sighting for report in reports if (sighting := report.sighting) is not None]:
                await self._suppressions.add_all(seen)
        except DependencyUnavailable:
            await self._told.settle([], ids)
            raise
        on_kafka = await self._publish([_outgoing(report) for report in reports])
        for report, is_told in zip(reports, on_kafka, strict=True):
            _count("told" if is_told else "failed", report)
        untold = [each for each, is_told in zip(ids, on_kafka, strict=True) if not is_told]
        await self._told.settle([each for each, is_told in zip(ids, on_kafka, strict=True) if is_told], untold)
        await asyncio.gather(*(self._tell_of(report) for report in reports))
        if untold:
            raise DependencyUnavailable("kafka")

    async def _tell_of(self, report: DeliveryReport) -> None:
        if report.sighting is not None:
            account = SuppressedAccount(report.labels.account_id, report.labels.region)
            await self._tell_suppressed.sighted(report.sighting, account)


def _outgoing(report: DeliveryReport) -> tuple[EmailOutcome, Mapping[str, str]]:
    labels = report.labels
    with continuing(f"report {report.event}", labels.trace) as span:
        span.set_attribute("gatepost.region", labels.region)
        span.set_attribute("gatepost.mail.outcome", report.outcome)
        if labels.challenge_id is not None:
            span.set_attribute("gatepost.challenge.id", str(labels.challenge_id))
        return _outcome(report), trace_headers()


def _outcome(report: DeliveryReport) -> EmailOutcome:
    labels = report.labels
    return EmailOutcome(
        message_id=labels.message_id,
        account_id=labels.account_id,
        challenge_id=labels.challenge_id,
        kind=labels.kind,
        region=labels.region,
        provider=PROVIDER,
        outcome=report.outcome,
        attempt=labels.attempt,
        at=report.at,
        reason=report.reason,
    )


def _count(result: str, report: DeliveryReport) -> None:
    _reports.add(1, {"event": report.event, "result": result, "region": report.labels.region})
