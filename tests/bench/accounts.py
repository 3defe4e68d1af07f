"""Accounts in a region that asks everyone for a code."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.seed import import_accounts
from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem

PASSWORD = "bench-otter-4711"
REGION = "emea"


@dataclass
class Cohort:
    """Accounts `first` to `first + size - 1`, in turns, with these Argon2 settings (environment of the import)."""

    first: int
    size: int
    argon2: Mapping[str, str]
    _turn: int = -1

    def next(self) -> int:
        self._turn += 1
        return self.first + self._turn % self.size

    def import_into(self, system: LocalSystem) -> None:
        """The settings stay with each stored hash, so auth itself runs with its defaults."""
        seeds = [
            SeedAccount(f"bench-{number}", PASSWORD, f"bench-{number}@example.com", REGION, "en")
            for number in range(self.first, self.first + self.size)
        ]
        env = {**system.services["auth"].environment(), **self.argon2}
        import_accounts(system.commands["import-accounts"], seeds, system.directory / "bench.jsonl", env)


# 3,000: at 1,000 logins/s an account comes back after 3 s, long after its mail.
CHEAP = Cohort(0, 3_000, {"GATEPOST_ARGON2_MEMORY_KIB": "8", "GATEPOST_ARGON2_TIME_COST": "1"})
DEFAULT = Cohort(100_000, 100, {})
FLOOR = Cohort(200_000, 3_000, {})
