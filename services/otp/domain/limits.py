"""How often a code may be guessed, and how often it may be mailed (docs/limits.md has the arithmetic)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """An account's limits count over all of its challenges, in windows that roll; nothing but time gives a guess or a
    mail back: no success, no resend, no further login. Failures in a row end with a right code, or by support."""

    wrong_per_challenge: int
    wrong_per_day: int
    wrong_per_30_days: int
    failures_in_a_row: int = 100
    """NIST SP 800-63B-4 §3.2.2: no more, whatever the time between them."""
    live_challenges: int = 5
    mails_per_day: int = 30
    resends: int = 5
    cooldown_ms: int = 30_000
    least_life_ms: int = 120_000
    """What a code must have left to be worth another mail."""
