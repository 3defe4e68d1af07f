"""What an instance tells of the policies that it has applied, and when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from services.auth.domain.region_policy import RegionPolicies
from services.auth.use_cases.report_applied import ReportApplied
from shared.ending import ended
from shared.events import AppliedVersion, PolicyApplied, RegionPolicyChanged
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import NOW
from tests.unit.auth.samples import policy
from tests.wait_until import wait_until

INSTANCE = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
MS = timedelta(milliseconds=1)


class Instance:
    """Begun at `NOW`. `down` is Kafka; `told` what it has taken."""

    def __init__(self, every_s: float = 3600) -> None:
        self.policies = RegionPolicies()
        self.clock = Clock(NOW)
        self.told: list[PolicyApplied] = []
        self.asked = 0
        self.down = False
        self.whole_topic = asyncio.Event()
        self.report = ReportApplied(INSTANCE, "auth-1:8000", every_s, self.policies, self.publish, self.clock)

    async def publish(self, event: PolicyApplied) -> None:
        self.asked += 1
        if self.down:
            raise DependencyUnavailable("kafka")
        self.told.append(event)

    def apply(self, news: RegionPolicyChanged) -> None:
        self.policies.apply(news)
        self.report.applied(news)

    @asynccontextmanager
    async def reporting(self) -> AsyncIterator[None]:
        self.whole_topic.set()
        running = asyncio.create_task(self.report.run(self.whole_topic))
        yield
        await ended(running)


async def test_a_change_is_told_at_once_with_the_time_it_took() -> None:
    instance = Instance()
    async with instance.reporting():
        await wait_until(lambda: len(instance.told) == 1)
        instance.clock.advance(41 * MS)
        instance.apply(policy(version=8, changed_at=NOW))
        await wait_until(lambda: len(instance.told) == 2)

    assert instance.told[0].regions == {}
    assert instance.told[1] == PolicyApplied(
        instance=INSTANCE,
        name="auth-1:8000",
        regions={"emea": AppliedVersion(version=8, latency_ms=41)},
        every_s=3600,
        going=False,
        at=NOW + 41 * MS,
    )


async def test_what_was_there_when_it_began_has_no_latency() -> None:
    instance = Instance()
    instance.apply(policy(version=7, changed_at=NOW - timedelta(hours=1)))
    instance.policies.apply(policy(region="apac", version=2))  # as from the snapshot
    async with instance.reporting():
        await wait_until(lambda: instance.told != [])

    assert instance.told[0].regions == {
        "emea": AppliedVersion(version=7, latency_ms=None),
        "apac": AppliedVersion(version=2, latency_ms=None),
    }


async def test_a_clock_that_is_behind_rollouts_makes_no_latency_below_nought() -> None:
    instance = Instance()
    instance.apply(policy(changed_at=NOW + timedelta(seconds=3)))
    async with instance.reporting():
        await wait_until(lambda: instance.told != [])

    assert instance.told[0].regions["emea"].latency_ms == 0


async def test_a_region_whose_policy_cannot_be_read_is_not_told_of() -> None:
    instance = Instance()
    instance.apply(policy())
    instance.policies.forget("emea")
    async with instance.reporting():
        await wait_until(lambda: instance.told != [])

    assert instance.told[0].regions == {}


async def test_it_says_nothing_before_the_whole_topic_is_known_not_even_goodbye() -> None:
    instance = Instance(every_s=0.01)
    running = asyncio.create_task(instance.report.run(instance.whole_topic))
    instance.apply(policy())
    for _ in range(50):  # turns of the loop; a report takes a few
        await asyncio.sleep(0)
    await ended(running)
    await instance.report.stop()

    assert instance.asked == 0


async def test_without_news_it_tells_that_it_lives() -> None:
    instance = Instance(every_s=0.01)
    async with instance.reporting():
        await wait_until(lambda: len(instance.told) >= 3)

    assert {event.going for event in instance.told} == {False}


async def test_while_kafka_is_away_nothing_piles_up_and_the_next_report_says_all() -> None:
    instance = Instance(every_s=0.01)
    instance.down = True
    async with instance.reporting():
        for version in range(1, 101):
            instance.apply(policy(version=version))
        await wait_until(lambda: instance.asked >= 3)
        instance.down = False
        await wait_until(lambda: instance.told != [])

    assert instance.told[0].regions["emea"].version == 100


async def test_a_burst_is_told_in_one() -> None:
    instance = Instance()
    async with instance.reporting():
        await wait_until(lambda: len(instance.told) == 1)
        for number in range(50):
            instance.apply(policy(region=f"r{number}"))
        await wait_until(lambda: len(instance.told) == 2)

    assert len(instance.told[1].regions) == 50


@pytest.mark.parametrize("down", [False, True])
async def test_a_stop_says_goodbye_where_it_can(down: bool) -> None:
    instance = Instance()
    async with instance.reporting():
        await wait_until(lambda: instance.told != [])
    instance.down = down
    await instance.report.stop()

    assert [event.going for event in instance.told] == [False] + [True] * (not down)
