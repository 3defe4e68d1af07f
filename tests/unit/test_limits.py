"""docs/limits.md: an attacker with the password guesses whenever a guess is allowed; the page says what that gives, and
what else is limited by how much."""

import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.auth.domain.announcement import MOST_PACE, MOST_PER_PAGE
from services.auth.domain.guess_budget import GuessBudget
from services.auth.domain.recovery_code import CODE_BYTES, CODES
from services.auth.domain.totp import DIGITS, MOST_STEPS_OFF
from services.auth.settings import AuthSettings, FactorSettings
from services.notifier.adapters.circuit import FAILURES
from services.notifier.api import sendgrid_webhook as webhook
from services.notifier.parts import TOLD_FOR, send_terms
from services.notifier.settings import NotifierSettings
from services.otp.domain.fleet_breaker import RAISED_DIGITS
from services.otp.settings import FleetSettings, OtpSettings
from services.rollout.domain.announcement import FARTHEST
from services.rollout.domain.region import LONGEST_BYPASS
from shared.redelivery import TIERS
from tests.fakes import NOW

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
TEXT = " ".join(PAGE.split())
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
    # It moves in steps: what came at the end of one is forgotten with its beginning.
    shortest = default(OtpSettings, "wrong_share_window_s") - default(OtpSettings, "wrong_share_slot_s")
    a_day = wrong * 86_400 // shortest
    accounts = math.ceil(a_day / MAIL.per_day)

    minutes, slot = default(OtpSettings, "wrong_share_window_s") // 60, default(OtpSettings, "wrong_share_slot_s")

    assert f"in a window of {minutes} minutes that moves by {slot} s." in TEXT
    assert f"{wrong} wrong codes in {shortest} s, {a_day:,} a day: with the passwords of {accounts:,} accounts" in TEXT
    assert f"with a chance of {chance((a_day, RIGHT_MAIL)) * 100:.1f} % a day" in TEXT


def test_the_breaker_trips_and_falls_back_at_these_shares_and_takes_those_that_the_page_advises() -> None:
    words = {0.5: "half", 0.25: "a quarter"}
    high, low = (words[default(OtpSettings, f"wrong_share_{name}")] for name in ("high", "low"))
    least = default(OtpSettings, "wrong_share_least_codes")
    ((advised_high, advised_low),) = re.findall(r"for instance to (0\.\d+) and (0\.\d+);", TEXT)

    assert f"when {high} of {least} judged codes or more are wrong, new codes get {RAISED_DIGITS} digits" in TEXT
    assert f"until the share has stayed below {low} for a whole window" in TEXT
    assert f"(always {RAISED_DIGITS}: that is no setting)" in TEXT
    assert FleetSettings(wrong_share_high=advised_high, wrong_share_low=advised_low).band.high < 0.5
    with pytest.raises(ValidationError, match="wrong_share_low must be below"):
        FleetSettings(wrong_share_high=default(OtpSettings, "wrong_share_low"))


def test_of_a_burst_over_many_accounts_so_many_are_to_be_expected_to_fall() -> None:
    passwords = 100_000

    assert f"has {MAIL.per_day} guesses at each" in TEXT
    assert f"with {passwords:,} passwords {passwords * MAIL.per_day * RIGHT_MAIL} accounts to expect from a day" in TEXT


def test_every_limit_on_the_page_is_a_setting_with_that_default() -> None:
    known: dict[str, type[BaseSettings]] = {"otp": OtpSettings, "auth": AuthSettings, "notifier": NotifierSettings}
    listed = {row[2].strip("`").lower(): (float(row[1]), row[3]) for row in ROWS if row[-1] in known}

    assert len(listed) == 32
    for name, (value, service) in listed.items():
        assert default(known[service], name) == value


def test_a_mail_of_a_dead_instance_waits_for_the_lease() -> None:
    def lease(**providers: Any) -> str:
        settings = NotifierSettings.model_construct(**providers)
        return f"{send_terms(settings).lease.total_seconds():.0f} s"

    both = {"sendgrid_api_key": "SG.", "smtp_url": "smtps://"}
    assert f"one instance for {lease(smtp_url='smtps://')}, with two providers for {lease(**both)}:" in TEXT
    assert f"after {FAILURES} failures in a row" in TEXT


def test_what_fails_is_tried_again_for_so_long() -> None:
    first, second, third, *rest = (tier.seconds for tier in TIERS)
    minutes, seconds = divmod(sum(tier.seconds for tier in TIERS), 60)

    assert set(rest) == {60}
    assert f"after {first}, {second} and {third} s and then every 60 s, {len(TIERS)} times" in TEXT
    assert f"in {minutes} min {seconds} s" in TEXT


def test_an_announcement_takes_so_long_and_a_bypass_reaches_so_many() -> None:
    slower = min(default(NotifierSettings, "bulk_per_second"), default(AuthSettings, "announcement_pace"))
    hours = LONGEST_BYPASS / timedelta(hours=1)

    assert f"100,000 accounts takes {100_000 / slower / 60:.0f} minutes at {slower} a second" in TEXT
    assert f"lasts {hours:.0f} hours at most" in TEXT
    assert f"{slower} a second reach {slower * LONGEST_BYPASS.seconds:,}." in TEXT
    assert f"announced {FARTHEST.days} days ahead; a kill on the way repeats up to {MOST_PER_PAGE} notices" in TEXT
    assert f"of a new announcement, 1 to {MOST_PACE:,} |" in TEXT


def test_a_report_is_taken_within_these_bounds() -> None:
    body_mib = webhook.MOST_BODY_BYTES // 2**20

    assert f"signed within {webhook.WINDOW_S} s of now, has {body_mib} MiB at most" in TEXT
    assert f"comes within {webhook.READ_S:.0f} s; {webhook.READ_AT_ONCE} are read at once" in TEXT
    assert f"in {webhook.READ_AT_ONCE * body_mib} MiB" in TEXT
    assert f"remembered for {TOLD_FOR / timedelta(hours=1):.0f} hours" in TEXT
