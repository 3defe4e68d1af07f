"""The regions and accounts that a local run begins with: at least one of each kind. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["plain", "sso", "own_mfa", "unknown-region"]

OFF_REGION = "latam"
UNKNOWN_REGION = "atlantis"  # accounts live there, no policy exists: every login is challenged
REGIONS: dict[str, dict[str, Any]] = {
    "emea": {"mode": "enforced"},
    "amer": {"mode": "ramp", "percent": 5000},
    "apac": {"mode": "shadow"},
    OFF_REGION: {"mode": "off"},
}
WORDS = tuple(Path(__file__).with_name("words.txt").read_text().split())


@dataclass(frozen=True)
class SeedAccount:
    """One line of `gatepost accounts import`; `kind` only says why it is here."""

    username: str
    password: str
    email: str
    region: str
    locale: str
    kind: Kind = "plain"

    def import_line(self) -> dict[str, Any]:
        return {
            "username": self.username,
            "password": self.password,
            "email": self.email,
            "region": self.region,
            "locale": self.locale,
            "sso": self.kind == "sso",
            "own_mfa": self.kind == "own_mfa",
            "status": "active",
        }

    def ready_entry(self) -> dict[str, Any]:
        """As in the ready file (DESIGN §8), and the kind."""
        return {
            "username": self.username,
            "password": self.password,
            "region": self.region,
            "email": self.email,
            "kind": self.kind,
        }


# Two in amer: at 50 % an account is in the cohort or not by its random id.
_PEOPLE: tuple[tuple[str, str, str, Kind], ...] = (
    ("ada", "emea", "en", "plain"),
    ("bruno", "emea", "de", "plain"),
    ("carol", "amer", "en", "plain"),
    ("dario", "amer", "es", "plain"),
    ("emi", "apac", "ja", "plain"),
    ("flavia", OFF_REGION, "pt", "plain"),
    ("gus", "emea", "en", "sso"),
    ("hana", "emea", "en", "own_mfa"),
    ("ines", UNKNOWN_REGION, "en", "unknown-region"),
)


def readable_password(choose: Callable[[Sequence[str]], str]) -> str:
    """Like `copper-otter-4711`, with `choose` as the randomness: 27 bits, enough for a run on the loopback address."""
    return f"{choose(WORDS)}-{choose(WORDS)}-{''.join(choose('0123456789') for _ in range(4))}"


def seed_accounts(choose: Callable[[Sequence[str]], str]) -> list[SeedAccount]:
    """Every kind of account, each with a fresh password and a reserved address."""
    return [
        SeedAccount(name, readable_password(choose), f"{name}@example.com", region, locale, kind)
        for name, region, locale, kind in _PEOPLE
    ]
