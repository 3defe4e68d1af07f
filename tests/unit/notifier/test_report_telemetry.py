"""What the reports leave in traces and metrics. In a process of its own each: providers are set once per process."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any, TypeVar

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from services.notifier.use_cases.take_delivery_reports import TakeDeliveryReports
from shared.events import EmailOutcome
from shared.telemetry import sending, tracer
from shared.telemetry_setup import _AllowListExporter
from tests.unit.notifier.fakes import ADDRESS, NOW, FakeAccounts
from tests.unit.notifier.reports import (
    SIGNED,
    TRACEPARENT,
    FakeSuppressions,
    FakeTold,
    Signer,
    body_of,
    labels,
    sendgrid_event,
)
from tests.unit.notifier.test_sendgrid_webhook import SIGNATURE, Webhook

T = TypeVar("T")


@dataclass
class Exported:
    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    attributes: dict[str, Any]
    linked: list[str]


async def apart(work: Callable[[], T]) -> T:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


async def take_inside_a_request() -> tuple[str, list[str]]:
    """The trace of the request, and the trace headers that Kafka was given."""
    on_kafka: list[str] = []

    async def publish_all(outgoing: Sequence[tuple[EmailOutcome, Mapping[str, str]]]) -> list[bool]:
        for event, after in outgoing:
            with sending(event.topic, event.id, after) as headers:
                on_kafka.append(headers["traceparent"])
        return [True] * len(outgoing)

    take = TakeDeliveryReports(FakeTold(), FakeSuppressions(), FakeAccounts().tell(), publish_all, SIGNED.read)
    untraceable = replace(labels(), trace={"traceparent": "\ud800", "tracestate": "\ud800=x"})
    with tracer.start_as_current_span("POST /v1/webhooks/sendgrid", kind=SpanKind.SERVER) as request:
        await take([sendgrid_event("bounce", type="bounce"), sendgrid_event(ours=untraceable)])
        return format(request.get_span_context().trace_id, "032x"), on_kafka


def spans_of_reports() -> tuple[str, list[str], list[Exported]]:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(_AllowListExporter(kept)))
    trace.set_tracer_provider(provider)
    request, on_kafka = asyncio.run(take_inside_a_request())
    return request, on_kafka, [exported(span) for span in kept.get_finished_spans()]


def exported(span: ReadableSpan) -> Exported:
    assert span.context is not None
    return Exported(
        span.name,
        format(span.context.trace_id, "032x"),
        format(span.context.span_id, "016x"),
        format(span.parent.span_id, "016x") if span.parent else None,
        dict(span.attributes or {}),
        [format(link.context.trace_id, "032x") for link in span.links],
    )


async def test_the_trace_of_the_login_goes_on_to_the_outcome_and_names_the_request() -> None:
    request, on_kafka, spans = await apart(spans_of_reports)
    _, login, parent, _ = TRACEPARENT.split("-")
    report = next(span for span in spans if span.name == "report bounce")
    assert (report.trace_id, report.parent_id, report.linked) == (login, parent, [request])
    assert report.attributes["gatepost.mail.outcome"] == "bounced"
    assert report.attributes["gatepost.region"] == "emea"
    sent = next(span for span in spans if span.parent_id == report.span_id)
    assert sent.name == "send gatepost.notifier.email-outcome.v1"
    assert f"00-{login}-{sent.span_id}-01" in on_kafka
    assert ADDRESS not in str(spans)


async def test_a_report_without_a_trace_begins_one_of_its_own() -> None:
    request, _, spans = await apart(spans_of_reports)
    report = next(span for span in spans if span.name == "report delivered")
    assert report.parent_id is None
    assert report.trace_id not in (request, TRACEPARENT.split("-")[1])


def counts() -> dict[str, dict[str, float]]:
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    asyncio.run(requests_of_all_kinds())
    found: dict[str, dict[str, float]] = {}
    data: Any = reader.get_metrics_data()
    for metric in [metric for scope in data.resource_metrics[0].scope_metrics for metric in scope.metrics]:
        if metric.name.startswith("gatepost.mail."):
            points = found.setdefault(metric.name, {})
            for point in metric.data.data_points:
                points[" ".join(str(point.attributes[name]) for name in sorted(point.attributes))] = point.value
    return found


async def requests_of_all_kinds() -> None:
    signer = Signer()
    webhook = Webhook(signer.public)
    ours = labels()
    body = body_of(
        sendgrid_event("delivered", ours), sendgrid_event("open"), sendgrid_event(message_id=None), "unreadable"
    )
    good = signer.headers(body, NOW)
    await webhook.post(body, good)
    await webhook.post(body, good)
    await webhook.post(body[:-1], good)
    await webhook.post(body, good | {SIGNATURE: "x"})
    await webhook.post(body, signer.headers(body, NOW.replace(year=2025)))
    await webhook.post(b"{", signer.headers(b"{", NOW))
    await Webhook().post(body, good)


async def test_what_is_refused_and_what_is_reported_is_counted_by_reason() -> None:
    counted = await apart(counts)
    assert counted["gatepost.mail.webhook.refused"] == {
        "not-signed": 2,
        "not-recent": 1,
        "malformed": 1,
        "not-set-up": 1,
    }
    assert counted["gatepost.mail.reports"] == {
        "delivered emea told": 1,
        "delivered emea duplicate": 1,
        "other  ignored": 2,
        "delivered  foreign": 2,
        "other  unreadable": 2,
    }
