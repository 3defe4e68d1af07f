"""Dates as the people of a region read them: on their own clock. Pure.

A wall-clock time that the clock skips in spring is the moment at which it was skipped: 02:30 becomes 03:30. One that
comes twice in autumn is the first of the two.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moment(wall: datetime, time_zone: str) -> datetime:
    """`wall` without offset, on the clock of `time_zone` (an IANA name), in UTC."""
    return wall.replace(tzinfo=ZoneInfo(time_zone), fold=0).astimezone(UTC)


def wall(moment: datetime, time_zone: str) -> datetime:
    """What the clock of `time_zone` shows then, without offset."""
    return moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None, fold=0)
