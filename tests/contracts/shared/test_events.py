"""Each event version has an example, and every example must still parse (DESIGN §3)."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.cloudevents import body_of, decode, headers_of, text_headers
from shared.events import EVENTS, Event
from shared.topics import topics
from tests.fakes import NOW

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(event_type: type[Event]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXAMPLES / f"{event_type.type}.json").read_text())
    return content


def parsed(event_type: type[Event]) -> Event:
    shown = example(event_type)
    raw = [(name, value.encode()) for name, value in shown["headers"].items()]
    return decode(event_type, text_headers(raw), json.dumps(shown["body"]).encode())


def test_there_is_one_example_for_each_event_and_none_too_many() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == {event.type for event in EVENTS}


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda event: event.type)
def test_the_example_parses_and_says_the_same_when_it_is_published_again(event_type: type[Event]) -> None:
    shown, event = example(event_type), parsed(event_type)

    assert json.loads(body_of(event)) == shown["body"]
    assert event.key == shown["key"]
    again = headers_of(event, NOW)
    assert again == {name: value for name, value in shown["headers"].items() if name in again}


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda event: event.type)
def test_the_example_shows_every_field(event_type: type[Event]) -> None:
    assert set(example(event_type)["body"]) == set(event_type.model_fields)


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda event: event.type)
def test_the_example_has_a_topic_that_is_made_for_it(event_type: type[Event]) -> None:
    assert event_type.topic in {topic.name for topic in topics()}


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda event: event.type)
def test_what_an_older_publisher_leaves_out_is_optional_only(event_type: type[Event]) -> None:
    """A field that became optional later may be missing; one that the first version had may not become so quietly."""
    required = {name for name, field in event_type.model_fields.items() if field.is_required()}
    shown = example(event_type)
    least = {name: value for name, value in shown["body"].items() if name in required}

    event = decode(event_type, shown["headers"], json.dumps(least).encode())
    assert event.key == shown["key"]
