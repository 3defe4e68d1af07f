"""How many wrong codes are looked at before no code is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """An account's limits count over all of its challenges, in windows that roll; nothing but time gives a guess back:
    no success, no resend, no further login (docs/limits.md)."""

    per_challenge: int
    per_account_day: int
    per_account_month: int
    """In 30 days."""
