"""Turns telemetry on. Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set; then OTLP over http/protobuf.

Every span passes the allow-list of shared/span_allowlist.py on its way out, whichever library made it.
"""

import os
from collections.abc import Sequence
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
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.span_allowlist import allowed

_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_UNTRACED: Final = "livez,readyz,metrics"


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
    # Not baggage: what a caller writes into that header would be carried into Kafka.
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    exporting = bool(os.environ.get(_ENDPOINT))
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
    if os.environ.get(_ENDPOINT):
        FastAPIInstrumentor.instrument_app(app, excluded_urls=_UNTRACED, exclude_spans=["receive", "send"])
