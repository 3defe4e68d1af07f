"""Moments as Redis keeps them: milliseconds since 1970."""

from datetime import UTC, datetime


def epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def from_epoch_ms(ms: int | bytes) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)
