"""Dates as the people of a region read them: on their own clock. Pure.

A wall-clock time that the clock skips in spring is the moment at which it was skipped: 02:30 becomes 03:30. One that
comes twice in autumn is the first of the two.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def moment(wall: datetime, time_zone: str) -> datetime:
    """`wall` without offset, on the clock of `time_zone` (an IANA name), in UTC."""
    return wall.replace(tzinfo=ZoneInfo(time_zone), fold=0).astimezone(UTC)


def later(start: datetime, span: timedelta, time_zone: str) -> datetime:
    """`start` and `span`, in UTC: whole days on the clock of `time_zone`, so that the hour stays; what is left of it as
    time passes. A clock that goes back an hour makes nothing come an hour too soon."""
    days = timedelta(days=span.days)
    if not days:
        return start + span
    shown = start.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    return moment(shown + days, time_zone) + (span - days)
