"""The region policies on disk: whole or not there."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from services.auth.adapters.policy_snapshot import PolicySnapshot
from services.auth.domain.region_policy import RegionPolicies
from services.auth.use_cases.follow_policies import FollowPolicies
from shared.events import PolicyMode, RegionPolicyChanged
from tests.unit.auth.samples import policy
from tests.wait_until import wait_until

POLICIES = [policy(), policy(PolicyMode.OFF, region="apac"), policy(PolicyMode.BYPASSED, region="amer")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "region-policy.json"


def test_what_was_written_is_read(path: Path) -> None:
    PolicySnapshot(path).write(POLICIES)

    assert PolicySnapshot(path).read() == POLICIES


def test_a_later_write_replaces_all_of_an_earlier_one(path: Path) -> None:
    PolicySnapshot(path).write(POLICIES)
    PolicySnapshot(path).write(POLICIES[:1])

    assert PolicySnapshot(path).read() == POLICIES[:1]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_others_may_not_read_it(path: Path) -> None:
    PolicySnapshot(path).write(POLICIES)

    assert path.stat().st_mode & 0o077 == 0


def test_one_that_is_missing_is_none(path: Path) -> None:
    assert PolicySnapshot(path).read() is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"null", b"[1]", b'[{"region": "emea"}]', b"\xff\xfe", b"[" * 5000, bytes(1000)],
    ids=lambda content: repr(content[:8]),
)
def test_one_that_is_corrupt_is_none(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    assert PolicySnapshot(path).read() is None


def test_each_half_of_one_is_none(path: Path) -> None:
    PolicySnapshot(path).write(POLICIES)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        assert PolicySnapshot(path).read() is None


def test_one_bad_policy_spoils_all(path: Path) -> None:
    """Half a table would make known regions unknown without anybody noticing; better to wait for Kafka."""
    PolicySnapshot(path).write(POLICIES)
    path.write_bytes(path.read_bytes().replace(b'"off"', b'"of"'))

    assert PolicySnapshot(path).read() is None


def test_a_directory_in_its_place_is_none(path: Path) -> None:
    path.mkdir(parents=True)

    assert PolicySnapshot(path).read() is None


def untold(_: RegionPolicyChanged) -> None:
    pass


class MemorySnapshot:
    def __init__(self, kept: list[RegionPolicyChanged] | None = None) -> None:
        self.kept = kept
        self.failures = 0

    def read(self) -> list[RegionPolicyChanged] | None:
        return self.kept

    def age_s(self) -> float | None:
        return None if self.kept is None else 5.0

    def write(self, policies: Iterable[RegionPolicyChanged]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.kept = list(policies)


async def test_with_a_snapshot_it_is_ready_without_kafka_but_asks_kafka_first() -> None:
    policies = RegionPolicies()
    follow = FollowPolicies(policies, MemorySnapshot(POLICIES), untold, kafka_first_s=0.2)
    follow.load_snapshot()
    assert not await follow.ready()  # the topic may hold a newer policy than the disk
    keeping = asyncio.create_task(follow.keep_snapshot(asyncio.Event()))

    await wait_until(follow.ready)
    assert policies.of("apac") == POLICIES[1]
    keeping.cancel()


async def test_what_changed_just_before_a_stop_is_kept() -> None:
    snapshot = MemorySnapshot()
    follow = FollowPolicies(RegionPolicies(), snapshot, untold)
    whole_topic = asyncio.Event()
    whole_topic.set()
    keeping = asyncio.create_task(follow.keep_snapshot(whole_topic))
    await wait_until(lambda: snapshot.kept == [])
    follow.apply(policy())
    keeping.cancel()
    follow.save()

    assert snapshot.kept == [policy()]


async def test_with_neither_it_is_not_ready_however_many_rows_have_come() -> None:
    policies = RegionPolicies()
    follow = FollowPolicies(policies, MemorySnapshot(), untold)
    follow.load_snapshot()
    follow.apply(policy())

    assert not await follow.ready()


async def test_an_empty_topic_is_a_known_state_that_challenges_everybody() -> None:
    policies = RegionPolicies()
    follow = FollowPolicies(policies, MemorySnapshot(), untold)
    whole_topic = asyncio.Event()
    keeping = asyncio.create_task(follow.keep_snapshot(whole_topic))
    whole_topic.set()

    await wait_until(follow.ready)
    assert policies.of("emea") is None
    keeping.cancel()


async def test_what_changes_is_kept_and_a_full_disk_only_delays_it() -> None:
    snapshot = MemorySnapshot()
    snapshot.failures = 1
    follow = FollowPolicies(RegionPolicies(), snapshot, untold)
    whole_topic = asyncio.Event()
    whole_topic.set()
    keeping = asyncio.create_task(follow.keep_snapshot(whole_topic))
    await wait_until(lambda: snapshot.failures == 0)
    follow.apply(policy())

    await wait_until(lambda: snapshot.kept == [policy()])
    follow.forget("emea")
    await wait_until(lambda: snapshot.kept == [])
    keeping.cancel()
