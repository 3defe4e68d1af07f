"""Spans and metrics, through the OpenTelemetry API: they do nothing until shared/telemetry_setup.py installs the SDK.

Kafka spans follow the messaging conventions 1.44 (`send <topic>`, `process <topic>`, consumer parented to
producer). FastStream's own middleware is not used: it overwrites a given `traceparent` and exports the message
key (FACTS).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import metrics, propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode

_SCHEMA: Final = Schemas.V1_44_0.value

tracer = trace.get_tracer("gatepost", schema_url=_SCHEMA)
meter = metrics.get_meter("gatepost", schema_url=_SCHEMA)


@contextmanager
def sending(topic: str, event_id: str, after: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """A producer span; yields the trace headers that the message must carry. `after`: W3C headers of what it follows
    from, if that is not the current span."""
    if not _exporting():
        yield {}
        return
    attributes = _messaging("send", topic, event_id)
    parent = None if after is None else propagate.extract(after)
    with tracer.start_as_current_span(f"send {topic}", parent, SpanKind.PRODUCER, attributes):
        yield trace_headers()


@contextmanager
def processing(topic: str, group: str, headers: Mapping[str, str]) -> Iterator[None]:
    """A consumer span, child of the span that sent the message."""
    if not _exporting():
        yield
        return
    attributes = _messaging("process", topic, headers.get("ce_id", ""))
    attributes["messaging.consumer.group.name"] = group
    with tracer.start_as_current_span(
        f"process {topic}", propagate.extract(headers), SpanKind.CONSUMER, attributes, record_exception=False
    ):
        yield


def trace_headers() -> dict[str, str]:
    """The W3C headers of the current span; none while telemetry is off."""
    carrier: dict[str, str] = {}
    if _exporting():
        propagate.inject(carrier)
    return carrier


@contextmanager
def continuing(name: str, headers: Mapping[str, str]) -> Iterator[Span]:
    """A span in the trace that `headers` (W3C) name, for what is told of it from outside; linked to the current one."""
    if not _exporting():
        yield INVALID_SPAN
        return
    links = [Link(trace.get_current_span().get_span_context())]
    with tracer.start_as_current_span(
        name, propagate.extract(headers), SpanKind.CONSUMER, links=links, record_exception=False
    ) as span:
        yield span


def _exporting() -> bool:
    """Off, spans cost nothing at all; a caller's `traceparent` ends at the HTTP server then."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


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
