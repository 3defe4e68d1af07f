"""The span and the metrics around one call to a mail provider.

HTTP client conventions 1.44, made by hand: the aiohttp instrumentation would send our `traceparent` along, and a
third party has no use for it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.trace import Span, SpanKind, StatusCode
from yarl import URL

from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused
from shared.telemetry import meter, tracer

_BOUNDS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0)
_duration: Final = meter.create_histogram(
    "gatepost.mail.provider.duration",
    unit="s",
    description="calls to the mail provider by answer",
    explicit_bucket_boundaries_advisory=_BOUNDS_S,
)


class ProviderCall:
    """What is to be told of a call in progress."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.answer: ProviderAnswer | None = None

    def status(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self.failed(str(status))

    def failed(self, error_class: str) -> None:
        self._span.set_attribute("error.type", error_class)
        self._span.set_status(StatusCode.ERROR)


@contextmanager
def provider_call(provider: str, url: URL) -> Iterator[ProviderCall]:
    """Set `answer` before leaving; without it the call was cancelled."""
    attributes: dict[str, str | int] = {"http.request.method": "POST"}
    attributes |= {"server.address": url.host or "", "server.port": url.port or 0}
    started = time.perf_counter()
    # Not made current: nothing inside makes spans, and while telemetry is off that would cost 7 µs in place of 1.
    span = tracer.start_span("POST", kind=SpanKind.CLIENT, attributes=attributes)
    call = ProviderCall(span)
    try:
        yield call
    finally:
        _duration.record(time.perf_counter() - started, {"provider": provider, "answer": _label(call.answer)})
        span.end()


def _label(answer: ProviderAnswer | None) -> str:
    match answer:
        case Accepted():
            return "accepted"
        case Refused():
            return "refused"
        case _:
            return "unknown"
