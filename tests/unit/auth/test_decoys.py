"""A name that nobody has costs what a name that somebody has costs, as often, and always the same."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.domain.decoys import Decoys, decoy_of
from services.auth.settings import PasswordSettings
from services.auth.use_cases.follow_hash_costs import FollowHashCosts
from shared.periodic import periodically
from shared.unavailable import DependencyUnavailable
from tests.wait_until import wait_until

OURS = "$argon2id$v=19$m=64,t=1,p=1$"
CHEAP = (
    OURS,
    "$2b$04$",
    "$scrypt$ln=4,r=8,p=1$",
    "$pbkdf2-sha256$10$",
    "$pbkdf2-sha512$10$",
    "pbkdf2_sha256$10$",
)
NAMES = [f"name-{number}" for number in range(4_000)]


def decoys(key: bytes = b"key") -> Decoys:
    return Decoys(key, "ours")


def met(by: Decoys) -> list[str]:
    return [by.of(name) for name in NAMES]


def hash_like(cost: str) -> str:
    made = decoy_of(cost)
    assert made is not None
    return made


def test_before_anything_is_known_each_name_costs_what_ours_costs() -> None:
    assert set(met(decoys())) == {"ours"}


def test_names_meet_the_costs_in_the_shares_of_the_accounts() -> None:
    made = decoys()
    made.follow({OURS: 50, "$2b$12$": 30, "$2b$10$": 20, "$scrypt$ln=16,r=8,p=1$": 0})
    found = Counter(met(made))

    assert found.keys() == {hash_like(OURS), hash_like("$2b$12$"), hash_like("$2b$10$")}
    assert found[hash_like(OURS)] / len(NAMES) == pytest.approx(0.5, abs=0.04)
    assert found[hash_like("$2b$12$")] / len(NAMES) == pytest.approx(0.3, abs=0.04)


def test_a_name_meets_the_same_in_every_instance_and_nobody_without_the_key_knows_which() -> None:
    shares = {OURS: 50, "$2b$12$": 50}
    one, other, stranger = decoys(), decoys(), decoys(b"another key")
    one.follow(shares)
    other.follow(dict(reversed(shares.items())))
    stranger.follow(shares)

    assert met(one) == met(other)
    same = sum(mine == theirs for mine, theirs in zip(met(one), met(stranger), strict=True))
    assert same / len(NAMES) == pytest.approx(0.5, abs=0.04)


def test_as_accounts_come_to_ours_so_do_names_and_none_goes_back() -> None:
    made = decoys()
    made.follow({OURS: 10, "$2b$12$": 90})
    before = met(made)
    made.follow({OURS: 60, "$2b$12$": 40})
    moves = Counter(zip(before, met(made), strict=True))

    assert moves[hash_like(OURS), hash_like("$2b$12$")] == 0
    assert moves[hash_like("$2b$12$"), hash_like(OURS)] / len(NAMES) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("costs", [{}, {"plain": 7}, {OURS: 0}])
def test_of_nothing_nothing_is_learned(costs: dict[str, int]) -> None:
    made = decoys()
    made.follow({"$2b$12$": 1})
    made.follow(costs)

    assert set(met(made)) == {hash_like("$2b$12$")}


@pytest.fixture
def passwords() -> Iterator[PasswordHashes]:
    made = PasswordHashes(PasswordSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_workers=1))
    yield made
    made.close()


@pytest.mark.parametrize("cost", CHEAP)
async def test_a_decoy_is_worked_on_and_matches_nothing(passwords: PasswordHashes, cost: str) -> None:
    with capture_logs() as logs:
        assert not await passwords.verify(hash_like(cost), "right")
    assert logs == []  # a hash that cannot be used would cost nothing


async def test_the_shares_are_followed_and_a_store_that_is_away_changes_nothing() -> None:
    answers: list[dict[str, int] | None] = [{"$2b$12$": 1}, None, {"$2b$10$": 1}]

    async def count() -> dict[str, int]:
        answer = answers.pop(0) if answers else {"$2b$04$": 1}
        if answer is None:
            assert set(met(made)) == {hash_like("$2b$12$")}
            raise DependencyUnavailable("postgres")
        return answer

    made = decoys()
    keeping = asyncio.create_task(periodically("hash-costs", 0, FollowHashCosts(count, made)))
    await wait_until(lambda: made.of("nobody") == hash_like("$2b$04$"))
    keeping.cancel()
    assert answers == []
