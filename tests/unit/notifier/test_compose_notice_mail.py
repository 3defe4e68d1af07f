"""From an event to the mail that tells its owner."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.notifier.use_cases.compose_notice_mail import ComposeNoticeMail
from shared.events import NoticeDetails, NoticeDue, NoticeKind
from tests.unit.notifier.fakes import ADDRESS, notice_due, sealer, unsealer
from tests.unit.notifier.mails import templates

COMPOSE = ComposeNoticeMail(unsealer(), templates())
SAID = NoticeDetails(device="Firefox on Windows", place="Zürich, CH").model_dump_json()


def detailed(said: str, context: str = "details") -> NoticeDue:
    notice = notice_due(kind=NoticeKind.NEW_DEVICE)
    return notice.model_copy(update={"details": sealer().seal(said, f"{context}:{notice.notice_id}")})


def test_sealed_details_are_told() -> None:
    mail = COMPOSE(detailed(SAID))
    assert mail.to == ADDRESS
    assert "Device: Firefox on Windows\nPlace: Zürich, CH\n" in mail.content.text


def test_details_are_shown_as_plain_words() -> None:
    said = NoticeDetails(device="<img src=x>\r\n@gatepost.example #000000").model_dump_json()
    assert "\nDevice: img src x gatepost example 000000\n" in COMPOSE(detailed(said)).content.text


@pytest.mark.parametrize(
    "notice",
    [
        detailed("not JSON"),
        detailed("[]"),
        detailed('{"device": "' + "x" * 10_000 + '"}'),
        detailed(SAID, context="notice"),
        notice_due(kind=NoticeKind.NEW_DEVICE).model_copy(update={"details": "n1.AAAA"}),
        notice_due(kind=NoticeKind.NEW_DEVICE).model_copy(update={"details": "gone.AAAA"}),
    ],
    ids=["no JSON", "no object", "10 kB", "sealed for another place", "does not open", "unknown key"],
)
def test_unreadable_details_are_left_out_and_the_mail_is_written(notice: NoticeDue) -> None:
    with capture_logs() as logs:
        mail = COMPOSE(notice)
    assert mail.to == ADDRESS
    assert mail.content == COMPOSE(notice.model_copy(update={"details": None})).content
    (line,) = logs
    assert line == {
        "event": "notice_details_unreadable",
        "log_level": "warning",
        "notice_id": str(notice.notice_id),
        "kind": "new-device",
    }


def test_begin_end_zone_and_language_reach_the_mail() -> None:
    notice = notice_due(kind=NoticeKind.BYPASS_ACTIVE)
    until = notice.at + timedelta(hours=4)
    mail = COMPOSE(notice.model_copy(update={"until": until, "time_zone": "Asia/Tokyo", "locale": "de-DE"}))
    assert "Beginn: 24. November 2026, 23:05 (Japanische Normalzeit)" in mail.content.text
    assert "Ende: 25. November 2026, 03:05 (Japanische Normalzeit)" in mail.content.text
