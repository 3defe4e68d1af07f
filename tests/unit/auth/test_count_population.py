"""Who counts, when, and what is told of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from services.auth.domain.population import PopulationPage
from services.auth.domain.region_policy import RegionPolicies, cohort_of
from services.auth.use_cases import count_population
from services.auth.use_cases.count_population import CountPopulation
from shared.events import RegionPopulationCounted
from shared.unavailable import DependencyUnavailable
from tests.fakes import NOW
from tests.unit.auth.samples import SALT, policy
from tests.wait_until import wait_until


@dataclass
class FakeAccounts:
    """All concerned. `leads` false: another instance counts. `down`: the session breaks."""

    of: dict[str, list[UUID]] = field(default_factory=dict)
    leads: bool = True
    down: bool = False
    sessions: int = 0

    @asynccontextmanager
    async def lead(self) -> AsyncIterator["FakeAccounts | None"]:
        self.sessions += 1
        yield self if self.leads else None

    async def regions(self) -> list[str]:
        return sorted(self.of)

    async def page(self, region: str, salt: str, after: UUID, limit: int) -> PopulationPage:
        if self.down:
            raise DependencyUnavailable("postgres")
        found = sorted(each for each in self.of.get(region, []) if each > after)[:limit]
        cohorts = [cohort_of(salt, each) for each in found]
        last = found[-1] if found else None
        return PopulationPage(last=last, sso=0, locked=0, totp=0, own_mfa=0, cohorts=cohorts, odd=[])


@dataclass
class Counts:
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    policies: RegionPolicies = field(default_factory=RegionPolicies)
    told: list[RegionPopulationCounted] = field(default_factory=list)
    whole_topic: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, event: RegionPopulationCounted) -> None:
        self.told.append(event)

    @asynccontextmanager
    async def running(self, every_s: float = 3600) -> AsyncIterator[CountPopulation]:
        count = CountPopulation(self.accounts, self.policies, self.publish, lambda: NOW, every_s)
        task = asyncio.create_task(count.run(self.whole_topic))
        yield count
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def of(self, region: str) -> list[RegionPopulationCounted]:
        return [each for each in self.told if each.region == region]


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    monkeypatch.setattr(count_population, "TRY_AGAIN_S", 0.01)
    monkeypatch.setattr(count_population, "PAGE", 7)
    found = Counts()
    found.whole_topic.set()
    return found


async def until(condition: Callable[[], bool]) -> None:
    await wait_until(condition, 5)


async def test_each_account_is_counted_in_its_cohort_whatever_the_pages(counts: Counts) -> None:
    ids = [uuid4() for _ in range(100)]
    counts.accounts.of["emea"] = ids
    counts.policies.apply(policy())
    async with counts.running():
        await until(lambda: bool(counts.told))
    (counted,) = counts.told
    assert (counted.concerned, counted.counted_at) == (100, NOW)
    assert counted.spread is not None
    assert counted.spread.salt == SALT
    expected = [0] * 10_000
    for each in ids:
        expected[cohort_of(SALT, each)] += 1
    assert counted.spread.concerned == expected


async def test_a_region_without_a_policy_is_counted_without_its_ramp_and_again_once_it_has_one(counts: Counts) -> None:
    counts.accounts.of["emea"] = [uuid4()]
    async with counts.running() as count:
        await until(lambda: bool(counts.told))
        assert counts.told[0].spread is None
        assert counts.told[0].concerned == 1
        counts.policies.apply(policy())
        count.applied(policy())
        await until(lambda: len(counts.told) == 2)
        assert counts.told[1].spread is not None
        count.applied(policy(version=8))
        counts.policies.apply(policy(version=8))
    assert len(counts.told) == 2  # nothing of the ramp has changed


async def test_a_region_that_has_no_accounts_any_more_is_told_so(counts: Counts) -> None:
    counts.accounts.of = {"apac": [uuid4()]}
    counts.policies.apply(policy())
    async with counts.running(every_s=0.05):
        await until(lambda: bool(counts.of("apac")))
        counts.accounts.of = {}
        await until(lambda: counts.of("apac")[-1].concerned == 0)
    assert counts.of("emea")[0].concerned == 0


async def test_nothing_is_counted_before_the_policies_are_known(counts: Counts) -> None:
    counts.whole_topic.clear()
    async with counts.running():
        for _ in range(20):
            await asyncio.sleep(0)
        assert counts.accounts.sessions == 0
        counts.whole_topic.set()
        await until(lambda: counts.accounts.sessions > 0)


async def test_who_does_not_lead_counts_nothing_and_tries_again(counts: Counts) -> None:
    counts.accounts.of["emea"] = [uuid4()]
    counts.accounts.leads = False
    async with counts.running():
        await until(lambda: counts.accounts.sessions >= 3)
        assert counts.told == []
        counts.accounts.leads = True
        await until(lambda: bool(counts.told))


async def test_a_broken_session_is_followed_by_another_and_half_a_count_is_never_told(counts: Counts) -> None:
    counts.accounts.of["emea"] = [uuid4()]
    counts.accounts.down = True
    async with counts.running():
        await until(lambda: counts.accounts.sessions >= 3)
        assert counts.told == []
        counts.accounts.down = False
        await until(lambda: bool(counts.told))


async def test_a_region_whose_name_is_none_is_passed_over(counts: Counts) -> None:
    counts.accounts.of = {"EMEA; nobody": [uuid4()], "zeta": [uuid4()]}
    async with counts.running():
        await until(lambda: bool(counts.told))
    assert [each.region for each in counts.told] == ["zeta"]
