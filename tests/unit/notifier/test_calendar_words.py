"""Times in the words of a language."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest

from services.notifier.adapters.calendar_words import CalendarWords, time_zone
from tests.unit.notifier.mails import LOCALES

AT = datetime(2026, 7, 1, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_zone_has_a_name_in_every_language(locale: str) -> None:
    calendar = CalendarWords(locale)
    for name in available_timezones():
        at = AT.astimezone(time_zone(name))
        for told in (calendar.moment(at), calendar.stamp(at)):
            assert told.isprintable(), (name, told)
            assert ":05 " in told or ":35 " in told or ":50 " in told, (name, told)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "Zulu"])
def test_utc_is_called_so_in_every_language(locale: str, name: str) -> None:
    calendar, at = CalendarWords(locale), AT.astimezone(time_zone(name))
    assert calendar.moment(at) == calendar.stamp(at)
    assert calendar.moment(at).endswith(f"{calendar.minute(at)} UTC")


def test_a_subject_names_the_distance_from_utc() -> None:
    assert CalendarWords("en").stamp(AT.astimezone(time_zone("Asia/Tokyo"))) == "July 1, 2026, 09:05 GMT+09:00"
