"""Accounts of the bench, imported with the command that operators have, and hashed before: one hash for a cohort."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from argon2 import PasswordHasher

from deploy.local.seed_data import OFF_REGION
from deploy.local.system import LocalSystem

PASSWORD = "bench-otter-4711"
REGION = "emea"  # asks everyone for a code
IMPORT = (sys.executable, "-m", "services.gatepost", "accounts", "import")
IMPORT_S = 300.0

CHEAPEST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
BY_DEFAULT = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)

# Of the auth that is measured. A hash of another cost is made anew after its first login: these are the cheap ones'.
# And the generator is one address with many accounts, whose logins are on their way at once: it must not be slowed.
AUTH_ENV = {
    "GATEPOST_ARGON2_MEMORY_KIB": "8",
    "GATEPOST_ARGON2_TIME_COST": "1",
    "GATEPOST_WRONG_PASSWORDS_ACCOUNT_AT_ADDRESS": "1000000/1",
    "GATEPOST_WRONG_PASSWORDS_ADDRESS": "1000000/1",
    "GATEPOST_WRONG_PASSWORDS_ACCOUNT_ON_DEVICE": "1000000/1",
}


@dataclass
class Cohort:
    """Accounts `first` to `first + size - 1`, in turns."""

    first: int
    size: int
    password_hash: str = CHEAPEST
    region: str = REGION
    _turn: int = -1

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.size)

    def next(self) -> int:
        self._turn += 1
        return self.first + self._turn % self.size

    def import_into(self, system: LocalSystem, env: Mapping[str, str]) -> None:
        """`env`: of the auth whose database gets them."""
        file = system.directory / "bench.jsonl"
        file.write_text("".join(json.dumps(self._line(number)) + "\n" for number in self.numbers))
        command = system.commands["import-accounts"]
        command.run([*IMPORT, str(file)], env, IMPORT_S)

    def _line(self, number: int) -> dict[str, str]:
        name = username(number)
        address = f"{name}@example.com"
        return {"username": name, "password_hash": self.password_hash, "email": address, "region": self.region}


def username(number: int) -> str:
    return f"bench-{number}"


# So many that none of them runs into its cap of live challenges: about 50,000 logins wait for no answer.
CHEAP = Cohort(0, 40_000)
# More than there are logins with them: auth replaces such a hash after the first login.
DEFAULT = Cohort(100_000, 400, BY_DEFAULT)
FLOOR = Cohort(200_000, 3_000)  # names in its messages; no accounts
SETTLED = Cohort(300_000, 1_000, region=OFF_REGION)  # a password is enough
EQUIPPED = Cohort(400_000, 100)  # get an app, recovery codes and a trusted device
