"""Nothing leaves in a span that is not on the list."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags

from shared.span_allowlist import ALLOWED, allowed
from shared.telemetry_setup import _AllowListExporter

CANARY = "kim@customer.example 402817"
ELSEWHERE = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))


def exported(attributes: dict[str, Any], error: Exception | None = None) -> ReadableSpan:
    """A span of a library that knows nothing of our list, as it arrives behind the exporter."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(_AllowListExporter(kept)))
    tracer = provider.get_tracer("a-library")
    try:
        with tracer.start_as_current_span(
            "GET /v1/authz",
            kind=SpanKind.SERVER,
            attributes=attributes,
            links=[Link(ELSEWHERE, {"messaging.kafka.message.key": CANARY})],
        ) as span:
            span.add_event("note", {"user.email": CANARY, "error.type": "X"})
            if error is not None:
                raise error
            span.set_status(StatusCode.ERROR, CANARY)
    except ValueError:
        pass
    (only,) = kept.get_finished_spans()
    return only


def test_allowed_attributes_stay_and_others_go() -> None:
    span = exported({"http.route": "/v1/authz", "http.request.header.authorization": CANARY, "db.statement": CANARY})

    assert dict(span.attributes or {}) == {"http.route": "/v1/authz"}


def test_an_exception_keeps_its_type_and_nothing_else() -> None:
    span = exported({}, ValueError(CANARY))
    recorded = [event for event in span.events if event.name == "exception"]

    assert [dict(event.attributes or {}) for event in recorded] == [{"exception.type": "ValueError"}]
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert CANARY not in span.to_json()


def test_events_links_and_the_status_text_are_cut_too() -> None:
    span = exported({})

    assert [dict(event.attributes or {}) for event in span.events] == [{"error.type": "X"}]
    assert [link.context for link in span.links] == [ELSEWHERE]
    assert CANARY not in span.to_json()


def test_what_makes_it_a_trace_stays() -> None:
    span = exported({})

    assert (span.name, span.kind) == ("GET /v1/authz", SpanKind.SERVER)
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "a-library"
    assert allowed(span).context == span.context


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=5))
def test_no_name_off_the_list_gets_through(attributes: dict[str, str]) -> None:
    assert set(allowed(ReadableSpan("x", attributes=attributes)).attributes or {}) <= ALLOWED


def test_the_list_names_nothing_that_carries_content() -> None:
    telling = ("header", "body", "query", "url", "email", "user", "key", "statement", "message.content", "stacktrace")

    assert [name for name in ALLOWED if any(word in name for word in telling)] == []
    assert "exception.message" not in ALLOWED
