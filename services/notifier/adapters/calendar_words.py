"""How a language tells dates and times (CLDR, through Babel). Hours are 0 to 23 everywhere: a code's life has no room
for a mistaken "pm"."""

from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, get_datetime_format, get_timezone_gmt, get_timezone_name


class CalendarWords:
    """Every `at` is told by its own clock: give it in the time zone of the reader."""

    def __init__(self, language: str) -> None:
        """Raises: UnknownLocaleError, ValueError."""
        self._locale: Final = Locale.parse(language, sep="-")
        self._joined: Final = str(get_datetime_format("long", self._locale)).replace("'", "")

    def minute(self, at: datetime) -> str:
        """`14:05`"""
        return format_skeleton("Hm", at, at.tzinfo, locale=self._locale)

    def day(self, at: datetime) -> str:
        """`November 24, 2026`"""
        return format_date(at, "long", self._locale)

    def moment(self, at: datetime) -> str:
        """`November 24, 2026, 15:05 (Central European Standard Time)`"""
        zone = "UTC" if at.tzname() == "UTC" else f"({get_timezone_name(at, locale=self._locale)})"
        return self._with_day(at, zone)

    def stamp(self, at: datetime) -> str:
        """Shorter: `November 24, 2026, 15:05 GMT+01:00`"""
        return self._with_day(at, "UTC" if at.tzname() == "UTC" else get_timezone_gmt(at, locale=self._locale))

    def _with_day(self, at: datetime, zone: str) -> str:
        return self._joined.replace("{0}", f"{self.minute(at)} {zone}").replace("{1}", self.day(at))


def time_zone(name: str) -> tzinfo:
    """UTC for a name that is none: the wrong clock, named, is better than no mail."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: `America` is a folder of the database
        return UTC
