"""Traces and metrics. Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set; then OTLP over http/protobuf.

Spans are made through the OpenTelemetry API, whose tracer does nothing until `configure_telemetry` installs
the SDK, so the code that makes them does not ask whether it is on. Kafka spans follow the messaging
conventions 1.44 (`send <topic>`, `process <topic>`, consumer parented to producer). FastStream's own
middleware is not used: it overwrites a given `traceparent` and exports the message key (FACTS).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from fastapi import FastAPI
from opentelemetry import metrics, propagate, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import SpanKind, StatusCode

from shared.span_allowlist import allowed

_SCHEMA: Final = Schemas.V1_44_0.value
_UNTRACED: Final = "livez,readyz,metrics"

tracer = trace.get_tracer("gatepost", schema_url=_SCHEMA)
meter = metrics.get_meter("gatepost", schema_url=_SCHEMA)


class _AllowListExporter(SpanExporter):
    """Lets through only what `shared/span_allowlist.py` names, whichever library made the span."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([allowed(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def configure_telemetry(service: str) -> None:
    """Call once per process, before the application is built. Metrics are always at `/metrics`."""
    exporting = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    resource = Resource.create({"service.name": f"gatepost-{service}", "service.namespace": "gatepost"})
    readers: list[MetricReader] = [PrometheusMetricReader()]
    if exporting:
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    metrics.set_meter_provider(MeterProvider(readers, resource))
    if not exporting:
        return
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(_AllowListExporter(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    AioHttpClientInstrumentor().instrument()


def trace_http(app: FastAPI) -> None:
    """Server spans for an application; nothing at all while telemetry is off."""
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        FastAPIInstrumentor.instrument_app(app, excluded_urls=_UNTRACED, exclude_spans=["receive", "send"])


@contextmanager
def sending(topic: str, event_id: str) -> Iterator[dict[str, str]]:
    """A producer span; yields the trace headers that the message must carry."""
    attributes = _messaging("send", topic, event_id)
    with tracer.start_as_current_span(f"send {topic}", kind=SpanKind.PRODUCER, attributes=attributes):
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        yield carrier


@contextmanager
def processing(topic: str, group: str, headers: Mapping[str, str]) -> Iterator[None]:
    """A consumer span, child of the span that sent the message."""
    attributes = _messaging("process", topic, headers.get("ce_id", ""))
    attributes["messaging.consumer.group.name"] = group
    with tracer.start_as_current_span(
        f"process {topic}", propagate.extract(headers), SpanKind.CONSUMER, attributes, record_exception=False
    ):
        yield


def failed(error_class: str) -> None:
    """Mark the current span as failed by class; messages may hold what must not leave."""
    span = trace.get_current_span()
    span.set_attribute("error.type", error_class)
    span.set_status(StatusCode.ERROR)


def _messaging(operation: str, topic: str, event_id: str) -> dict[str, str]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        "messaging.message.id": event_id,
    }
