"""The only attributes that leave this system in a span. Anything else, from any library, is cut off.

No header, query, body, SQL text, message key or exception message is here: each may hold an address, a token
or a code. An exception keeps its type.
"""

from typing import Final, TypeVar

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

V = TypeVar("V")

ALLOWED: Final = frozenset(
    {
        "error.type",
        "exception.type",
        "gatepost.challenge.id",
        "gatepost.mail.outcome",
        "gatepost.reason",
        "gatepost.region",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.status_code",
        "messaging.consumer.group.name",
        "messaging.destination.name",
        "messaging.message.id",
        "messaging.operation.name",
        "messaging.operation.type",
        "messaging.system",
        "net.peer.name",
        "net.peer.port",
        "server.address",
        "server.port",
    }
)


def allowed(span: ReadableSpan) -> ReadableSpan:
    """The same span with nothing in it that is not on the list."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_only_allowed(dict(span.attributes or {})),
        events=[
            Event(event.name, _only_allowed(dict(event.attributes or {})), event.timestamp) for event in span.events
        ],
        links=[Link(link.context, _only_allowed(dict(link.attributes or {}))) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _only_allowed(attributes: dict[str, V]) -> dict[str, V]:
    return {name: value for name, value in attributes.items() if name in ALLOWED}
