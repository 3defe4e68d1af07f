"""What may be seen of a dead letter, and which may be handled once more."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloudevents import Headers, body_of, headers_of
from shared.dead_letter import REPLAYED, DeadLetter, Refusal, shown
from shared.events import Event, NoticeDue, NoticeKind, PasscodeIssued
from shared.redelivery import ATTEMPT, ERROR_CLASS, NOT_BEFORE, OVERSIZED, SOURCE
from tests.unit.shared.samples import ACCOUNT_ID, NOW, login_challenged, passcode_issued

DIED = {ERROR_CLASS: "Unhandleable", ATTEMPT: "3"}
SECRET = "kim@customer.example/402817"


def notice(**changes: Any) -> NoticeDue:
    values: dict[str, Any] = {
        "notice_id": UUID(int=7),
        "account_id": ACCOUNT_ID,
        "kind": NoticeKind.NEW_DEVICE,
        "address": "seal-1.AAEC",
        "locale": "de",
        "region": "emea",
        "at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return NoticeDue(**(values | changes))


def letter(event: Event, headers: Headers | None = None, **changes: Any) -> DeadLetter:
    values: dict[str, Any] = {
        "origin": event.topic,
        "partition": 1,
        "offset": 17,
        "at": NOW,
        "key": event.key.encode(),
        "headers": headers_of(event, NOW) | DIED | (headers or {}),
        "body": body_of(event),
    }
    return DeadLetter(**(values | changes))


def text_of(found: DeadLetter) -> str:
    return json.dumps(shown(found, NOW, replayed=False))


def test_an_operator_sees_whose_it_is_and_of_what_it_died() -> None:
    found = shown(letter(passcode_issued(), {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}), NOW, replayed=True)

    assert found["key"] == str(ACCOUNT_ID)
    assert found["id"] == passcode_issued().id
    assert (found["attempt"], found["error_class"], found["trace_id"]) == (3, "Unhandleable", "a" * 32)
    assert (found["expired"], found["replayed"], found["not_replayable"]) == (False, True, None)
    assert found["body"]["challenge_id"] == str(passcode_issued().challenge_id)


def test_of_what_is_sealed_only_the_key_is_named() -> None:
    body = shown(letter(notice(details="seal-2.AAEC")), NOW, replayed=False)["body"]

    assert (body["address"], body["details"]) == ("<sealed, seal-1>", "<sealed, seal-2>")
    assert shown(letter(notice()), NOW, replayed=False)["body"]["details"] is None


sealed = st.text("ABCDEFGHabcdefgh0123456789_-", min_size=40, max_size=200)


@given(sealed, sealed, sealed)
def test_no_ciphertext_is_ever_shown(code: str, address: str, details: str) -> None:
    events = (
        passcode_issued(code=f"seal-1.{code}", address=f"seal-1.{address}"),
        login_challenged(address=f"seal-1.{address}"),
        notice(address=f"seal-1.{address}", details=f"seal-1.{details}"),
    )
    for event in events:
        text = text_of(letter(event))
        assert not [box for box in (code, address, details) if box in text]


OURS = st.sampled_from(["ce_id", "ce_type", "ce_time", ERROR_CLASS, ATTEMPT, SOURCE, "traceparent", "ce_source"])
NEAR = st.just("402817") | st.tuples(st.text(max_size=8), st.text(max_size=8)).map(SECRET.join)
BODIES = st.one_of(
    st.binary(max_size=40).map(lambda junk: junk + SECRET.encode()),
    st.dictionaries(st.text(max_size=8), st.just(SECRET), min_size=1).map(lambda them: json.dumps(them).encode()),
    st.just(json.dumps(json.loads(body_of(passcode_issued())) | {"plain": SECRET, "address": SECRET}).encode()),
    st.just(json.dumps(json.loads(body_of(passcode_issued())) | {"plain": SECRET}).encode()),
)


@given(st.dictionaries(OURS, NEAR), NEAR, BODIES)
def test_what_a_stranger_wrote_is_not_shown_wherever_it_stands(headers: Headers, key: str, body: bytes) -> None:
    found = text_of(letter(passcode_issued(), headers, key=key.encode(), body=body))

    assert "402817" not in found
    assert "customer.example" not in found


def test_what_does_not_parse_is_a_length() -> None:
    found = shown(letter(passcode_issued(), body=b"\x00" * 33), NOW, replayed=False)

    assert (found["body"], found["type"], found["not_replayable"]) == ("<33 bytes>", None, Refusal.UNREADABLE)


def test_control_characters_of_a_field_do_not_reach_a_terminal() -> None:
    text = text_of(letter(notice(region="\x1b[2J\u202e")))

    assert text.isascii()
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("found", "refusal"),
    [
        (letter(passcode_issued()), None),
        (letter(passcode_issued(expires_at=NOW)), Refusal.EXPIRED),
        (letter(notice(expires_at=NOW - timedelta(days=1))), Refusal.EXPIRED),
        (letter(passcode_issued(), {OVERSIZED: "300000"}, body=b""), Refusal.CONTENT_GONE),
        (letter(passcode_issued(), {SOURCE: "t/0/1"}), Refusal.CONTENT_GONE),
        (letter(passcode_issued(), {"ce_type": "another"}), Refusal.UNREADABLE),
    ],
)
def test_only_what_can_be_read_and_still_helps_somebody_is_replayed(found: DeadLetter, refusal: Refusal | None) -> None:
    assert found.refusal(NOW) == refusal


@given(st.datetimes(timezones=st.just(UTC)))
def test_no_passcode_is_replayed_from_its_end_on(now: datetime) -> None:
    found = letter(passcode_issued())

    assert (found.refusal(now) is None) == (now < NOW + timedelta(minutes=10))


def test_a_replay_gets_all_its_tries_again_and_keeps_its_trace() -> None:
    kept = headers_of(passcode_issued(), NOW) | {"traceparent": "00-x"}

    assert letter(passcode_issued(), {"traceparent": "00-x", NOT_BEFORE: NOW.isoformat()}).fresh_headers() == kept


def mark(headers: Headers) -> DeadLetter:
    return DeadLetter(PasscodeIssued.topic, 0, 18, NOW, None, headers, b"")


def test_a_mark_names_what_was_replayed() -> None:
    assert mark({REPLAYED: "17"}).marks == 17
    assert letter(passcode_issued()).marks is None


@pytest.mark.parametrize("offset", ["", "-1", "x", "1" * 20, "١"])
def test_nonsense_marks_nothing(offset: str) -> None:
    assert mark({REPLAYED: offset}).marks is None


def test_a_message_cannot_hide_its_own_death_behind_a_header() -> None:
    assert letter(passcode_issued(), {REPLAYED: "17"}).marks is None  # shared/redelivery.py keeps what is `gatepost-…`
