"""Events as they travel: CloudEvents binary mode, tolerant of what is foreign and silent about what it holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.cloudevents import Undecodable, body_of, decode, headers_of, text_headers
from shared.events import EVENTS, Event, LoginChallenged, PolicyMode, RegionPolicyChanged
from tests.unit.shared.samples import NOW, login_challenged, one_of_each, region_policy


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_what_is_published_is_what_is_read(event: Event) -> None:
    assert decode(type(event), headers_of(event, NOW), body_of(event)) == event


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_the_same_fact_has_the_same_id_and_key_twice(event: Event) -> None:
    twin = type(event).model_validate_json(body_of(event))

    assert (twin.id, twin.key) == (event.id, event.key)
    assert headers_of(event, NOW)["ce_id"] == event.id


def test_every_event_names_its_own_topic_type_and_source() -> None:
    assert len({event.topic for event in EVENTS}) == len(EVENTS)
    assert all(event.type == event.topic and event.topic.endswith(".v1") for event in EVENTS)
    assert all(event.source.startswith("gatepost/") for event in EVENTS)


def test_fields_of_a_newer_version_are_ignored() -> None:
    event = login_challenged()
    body = json.loads(body_of(event)) | {"added_later": {"deep": [1, 2]}}

    assert decode(LoginChallenged, headers_of(event, NOW), json.dumps(body).encode()) == event


def test_foreign_headers_that_are_no_text_do_not_stop_a_message() -> None:
    event = login_challenged()
    raw = [(name, value.encode()) for name, value in headers_of(event, NOW).items()]
    headers = text_headers([*raw, ("x-foreign", b"\xff\xfe\x00"), ("x-empty", None)])

    assert decode(LoginChallenged, headers, body_of(event)) == event
    assert headers["x-empty"] == ""


@pytest.mark.parametrize(
    "changed",
    [{"ce_type": "gatepost.auth.login-challenged.v2"}, {"ce_type": ""}, {"ce_specversion": "0.3"}],
    ids=["newer type", "no type", "older specification"],
)
def test_another_type_or_specification_is_undecodable(changed: dict[str, str]) -> None:
    event = login_challenged()

    with pytest.raises(Undecodable):
        decode(LoginChallenged, headers_of(event, NOW) | changed, body_of(event))


def test_no_headers_at_all_is_undecodable() -> None:
    with pytest.raises(Undecodable):
        decode(LoginChallenged, {}, body_of(login_challenged()))


@pytest.mark.parametrize("body", [None, b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b"\x00" * 100, b"1e999"])
def test_a_body_that_is_no_such_event_is_undecodable(body: bytes | None) -> None:
    with pytest.raises(Undecodable):
        decode(LoginChallenged, headers_of(login_challenged(), NOW), body)


@pytest.mark.parametrize("field", ["address", "locale", "client_hash", "expires_at", "challenge_id"])
def test_the_error_names_the_field_and_never_its_value(field: str) -> None:
    secret = "kim@customer.example 402817 " * 10
    body = json.loads(body_of(login_challenged())) | {field: secret}

    with pytest.raises(Undecodable) as caught:
        decode(LoginChallenged, headers_of(login_challenged(), NOW), json.dumps(body).encode())

    assert field in str(caught.value)
    assert "kim" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__  # the text of what it stands for quotes the value


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(RegionPolicyChanged, headers_of(region_policy(), NOW), body)


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=20) | st.none(), max_size=6))
def test_no_headers_raise_anything_else(raw: dict[str, bytes | None]) -> None:
    with pytest.raises(Undecodable):
        decode(RegionPolicyChanged, text_headers(raw.items()), body_of(region_policy()))


@pytest.mark.parametrize(
    ("mode", "until"), [(PolicyMode.BYPASSED, None), (PolicyMode.OFF, NOW), (PolicyMode.ENFORCED, NOW)]
)
def test_a_bypass_has_an_end_and_nothing_else_has(mode: PolicyMode, until: Any) -> None:
    with pytest.raises(ValidationError):
        region_policy(mode=mode, bypass_until=until)


@pytest.mark.parametrize("region", ["EMEA", "", "eu west", "1st", "a" * 33, "emea\n", "é"])
def test_a_region_name_is_plain(region: str) -> None:
    with pytest.raises(ValidationError):
        region_policy(region=region)


@pytest.mark.parametrize("naive", ["2026-11-24T09:00:00", "tomorrow", "2026-13-01T00:00:00Z"])
def test_a_time_without_an_offset_is_no_time(naive: str) -> None:
    body = json.loads(body_of(login_challenged())) | {"expires_at": naive}

    with pytest.raises(Undecodable):
        decode(LoginChallenged, headers_of(login_challenged(), NOW), json.dumps(body).encode())
