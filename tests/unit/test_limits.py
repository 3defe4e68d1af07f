"""docs/limits.md: an attacker with the password guesses whenever a guess is allowed; the page says what that gives."""

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from services.auth.domain.guess_budget import GuessBudget
from services.auth.domain.recovery_code import CODE_BYTES, CODES
from services.auth.domain.totp import DIGITS, MOST_STEPS_OFF
from services.auth.settings import FactorSettings
from services.otp.settings import OtpSettings
from tests.fakes import NOW

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]


def default(settings: type[BaseSettings], name: str) -> Any:
    return settings.model_fields[name].default


def budget(settings: type[BaseSettings], prefix: str) -> GuessBudget:
    return GuessBudget(default(settings, f"{prefix}_per_day"), default(settings, f"{prefix}_per_30_days"))


MAIL = budget(OtpSettings, "account_guesses")
TOTP = budget(FactorSettings, "totp_guesses")
RECOVERY = budget(FactorSettings, "recovery_guesses")
RIGHT_MAIL = 1 / 10 ** default(OtpSettings, "code_digits")
RIGHT_TOTP = (2 * MOST_STEPS_OFF + 1) / 10**DIGITS
RIGHT_RECOVERY = CODES / 2 ** (8 * CODE_BYTES)


def guesses(allowed: GuessBudget, span: timedelta) -> int:
    """How many an attacker gets who waits for nothing else, up to and without the end of `span`."""
    return len(guessed_at(allowed, span))


def guessed_at(allowed: GuessBudget, span: timedelta) -> list[datetime]:
    now, end, wrong_at, all_of_them = NOW, NOW + span, list[datetime](), list[datetime]()
    while now < end:
        retry_at = allowed.retry_at(wrong_at, now)
        if retry_at is None:
            wrong_at = [*allowed.counting(wrong_at, now), now]
            all_of_them.append(now)
        else:
            now = retry_at
    return all_of_them


def chance(*attempts: tuple[int, float]) -> float:
    return 1 - math.exp(sum(count * math.log1p(-right) for count, right in attempts))


@pytest.mark.parametrize(
    ("factor", "parts"),
    [
        ("mailed code", [(MAIL, RIGHT_MAIL)]),
        ("TOTP", [(TOTP, RIGHT_TOTP)]),
        ("TOTP and recovery codes", [(TOTP, RIGHT_TOTP), (RECOVERY, RIGHT_RECOVERY)]),
        ("all three", [(MAIL, RIGHT_MAIL), (TOTP, RIGHT_TOTP), (RECOVERY, RIGHT_RECOVERY)]),
    ],
)
def test_the_page_says_what_the_budgets_give(factor: str, parts: list[tuple[GuessBudget, float]]) -> None:
    day = [(guesses(each, timedelta(days=1)), right) for each, right in parts]
    year = [(guesses(each, timedelta(days=365)), right) for each, right in parts]
    (row,) = [row for row in ROWS if row[0] == factor]

    assert row[2] == f"{sum(count for count, _ in day)}"
    assert row[3] == f"{chance(*day):.4%}".replace("%", " %")
    assert row[4] == f"{sum(count for count, _ in year):,}"
    assert row[5] == f"{chance(*year) * 100:.2g} %"


def test_recovery_codes_cannot_be_guessed() -> None:
    year = guesses(RECOVERY, timedelta(days=365))
    (row,) = [row for row in ROWS if row[0] == "recovery codes"]

    assert row[2:5:2] == [str(guesses(RECOVERY, timedelta(days=1))), str(year)]
    assert RECOVERY.per_day * RIGHT_RECOVERY < 1e-22
    assert year * RIGHT_RECOVERY < 1e-20
    assert row[3:6:2] == ["below 10^-22", "below 10^-20"]


def test_a_row_of_failures_ends_before_a_guess_is_likely() -> None:
    most = default(OtpSettings, "account_failures_in_a_row")
    last = guessed_at(MAIL, timedelta(days=365))[most - 1]

    assert f"after {most} guesses, {(last - NOW).days} days after the first" in PAGE
    assert f"one of them was right is {chance((most, RIGHT_MAIL)) * 100:.2g}0 %" in PAGE


def test_below_the_breaker_an_attack_on_all_accounts_is_this_likely_to_open_one() -> None:
    wrong = default(OtpSettings, "wrong_share_least_codes") - 1
    a_day = wrong * 86_400 // default(OtpSettings, "wrong_share_window_s")
    accounts = math.ceil(a_day / MAIL.per_day)

    assert f"{wrong} wrong codes in a window, {a_day:,} a day: with the passwords of {accounts:,} accounts" in PAGE
    assert f"with a chance of {chance((a_day, RIGHT_MAIL)) * 100:.1f} % a day" in PAGE


def test_every_limit_on_the_page_is_a_setting_with_that_default() -> None:
    listed = {row[2].strip("`").lower(): (int(row[1]), row[3]) for row in ROWS if row[-1] in ("otp", "auth")}
    known: dict[str, type[BaseSettings]] = {"otp": OtpSettings, "auth": FactorSettings}

    assert len(listed) == 14
    for name, (value, service) in listed.items():
        assert default(known[service], name) == value
