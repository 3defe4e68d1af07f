"""Labels are believed if they were written with a key of ours, and say all that they said then."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from services.notifier.domain.mail_labels import MailLabels
from services.notifier.domain.signed_labels import SignedLabels
from shared.keyring import Key, Keyring, decode
from tests.unit.notifier.reports import TRACEPARENT, labels

OLD, NEW = Key("s1", bytes(range(32))), Key("s2", bytes(range(32, 64)))
SIGNED = SignedLabels(Keyring([OLD]))
TRACED = replace(labels(), trace={"traceparent": TRACEPARENT, "tracestate": "vendor=1"})
NOTICE = replace(labels(), challenge_id=None, kind="notice", trace={})


@pytest.mark.parametrize("ours", [TRACED, NOTICE])
def test_what_we_wrote_comes_back_whatever_stands_beside_it(ours: MailLabels) -> None:
    texts = SIGNED.texts(ours)
    assert all(isinstance(text, str) for text in texts.values())
    assert SIGNED.read({**texts, "email": "kim@customer.example", "attempt": "7", "sg_event_id": "x"}) == ours


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": str(uuid4())},
        {"account_id": str(uuid4())},
        {"challenge_id": str(uuid4())},
        {"challenge_id": None},
        {"kind": "notice"},
        {"region": "apac"},
        {"send_attempt": "2"},
        {"traceparent": TRACEPARENT.replace("4bf9", "0000")},
        {"tracestate": "vendor=2"},
        {"tracestate": None},
        {"traceparent": None, "tracestate": None},
        {"labels_mac": None},
        {"labels_mac": ""},
        {"labels_mac": 7},
        {"labels_mac": "é"},
        {"labels_mac": "A" * 22},
        {"labels_mac": SIGNED.texts(NOTICE)["labels_mac"]},
    ],
)
def test_what_others_wrote_or_changed_is_not_ours(changes: dict[str, Any]) -> None:
    texts = {name: text for name, text in {**SIGNED.texts(TRACED), **changes}.items() if text is not None}
    assert SIGNED.read(texts) is None


def test_a_trace_that_was_added_is_not_ours() -> None:
    assert SIGNED.read({**SIGNED.texts(NOTICE), "traceparent": TRACEPARENT}) is None


def test_reports_of_mails_outlive_a_change_of_keys_until_the_old_one_is_retired() -> None:
    signed = SignedLabels(Keyring([OLD]))
    before = signed.texts(TRACED)
    signed.use(Keyring([NEW, OLD]))
    after = signed.texts(TRACED)
    assert signed.read(before) == signed.read(after) == TRACED
    signed.use(Keyring([NEW]))
    assert signed.read(before) is None
    assert signed.read(after) == TRACED


def test_a_mac_has_sixteen_bytes() -> None:
    assert len(decode(SIGNED.texts(TRACED)["labels_mac"])) == 16
