"""Which logins are counted, and where."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.auth.domain.decision import Reason
from services.rollout.domain.logins import BY_REGION, LoginKind
from services.rollout.use_cases.count_logins import CountLogins
from shared.events import LoginOutcome
from shared.unavailable import DependencyUnavailable
from tests.fakes import NOW

HOUR = timedelta(hours=1)


@dataclass
class FakeCounts:
    batches: list[list[tuple[UUID, LoginKind]]] = field(default_factory=list)
    forgotten: tuple[datetime, datetime] | None = None
    down: bool = False
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()

    async def count(self, attempts: Sequence[tuple[UUID, LoginKind]]) -> None:
        if self.down:
            raise DependencyUnavailable("postgres")
        await self.goes_on.wait()
        self.batches.append(list(attempts))

    async def forget(self, attempts_before: datetime, hours_before: datetime) -> None:
        self.forgotten = attempts_before, hours_before

    @property
    def kinds(self) -> list[LoginKind]:
        return [kind for batch in self.batches for _, kind in batch]


@pytest.fixture
def counts() -> FakeCounts:
    return FakeCounts()


@pytest.fixture
def count(counts: FakeCounts) -> CountLogins:
    return CountLogins(counts, lambda: NOW)


def outcome(**changes: Any) -> LoginOutcome:
    values = {"attempt_id": uuid4(), "account_id": uuid4(), "outcome": "would-challenge", "reason": "region-shadow"}
    return LoginOutcome.model_validate({**values, "region": "emea", "product": "editor", "at": NOW, **changes})


async def test_a_login_counts_in_the_hour_in_which_it_was_decided(count: CountLogins, counts: FakeCounts) -> None:
    await count(outcome(at=datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)))
    await count(outcome(at=datetime.fromisoformat("2026-11-24T06:30:00+05:30")))
    hours = [kind.hour for kind in counts.kinds]
    assert hours == [datetime(2026, 11, 23, 23, tzinfo=UTC), datetime(2026, 11, 24, 1, tzinfo=UTC)]
    assert counts.kinds[0] == LoginKind("emea", hours[0], "would-challenge", "region-shadow")


@pytest.mark.parametrize(
    "changes",
    [
        {"region": None, "outcome": "refused", "reason": "invalid-credentials"},
        {"outcome": "completed", "reason": "region-enforced"},
        {"outcome": "challenged", "reason": "step-up"},
        {"region": "em\x00ea"},
        {"at": NOW - 24 * HOUR - timedelta(seconds=1)},
        {"at": NOW + HOUR + timedelta(seconds=1)},
    ],
)
async def test_what_no_region_decided_or_came_too_late_is_not_counted(
    count: CountLogins, counts: FakeCounts, changes: dict[str, Any]
) -> None:
    await count(outcome(**changes))
    assert counts.batches == []


@pytest.mark.parametrize("at", [NOW - 24 * HOUR, NOW + HOUR])
async def test_what_is_just_in_time_is_counted(count: CountLogins, counts: FakeCounts, at: datetime) -> None:
    await count(outcome(at=at))
    assert len(counts.kinds) == 1


async def test_events_of_one_moment_are_one_call(count: CountLogins, counts: FakeCounts) -> None:
    await asyncio.gather(*(count(outcome()) for _ in range(50)))
    assert [len(batch) for batch in counts.batches] == [50]


async def test_what_comes_while_others_are_counted_is_one_call_after_them(
    count: CountLogins, counts: FakeCounts
) -> None:
    counts.goes_on.clear()
    waiting = []
    for _ in range(50):
        waiting.append(asyncio.create_task(count(outcome())))
        await asyncio.sleep(0)
    counts.goes_on.set()
    await asyncio.gather(*waiting)
    assert [len(batch) for batch in counts.batches][-1] > 40
    assert len(counts.kinds) == 50


async def test_one_that_is_cancelled_takes_no_other_along(count: CountLogins, counts: FakeCounts) -> None:
    counts.goes_on.clear()
    first, second = (asyncio.create_task(count(outcome())) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    counts.goes_on.set()
    await second
    assert len(counts.kinds) == 2


async def test_an_event_that_could_not_be_counted_is_not_done(count: CountLogins, counts: FakeCounts) -> None:
    counts.down = True
    for answer in await asyncio.gather(*(count(outcome()) for _ in range(3)), return_exceptions=True):
        assert isinstance(answer, DependencyUnavailable)
    counts.down = False
    await count(outcome())
    assert len(counts.kinds) == 1


async def test_an_id_is_kept_for_longer_than_its_event_may_come_again(count: CountLogins, counts: FakeCounts) -> None:
    await count.forget()
    assert counts.forgotten is not None
    attempts_before, hours_before = counts.forgotten
    assert attempts_before <= NOW - 24 * HOUR
    assert hours_before <= NOW - timedelta(days=30)


def test_auths_reasons_are_all_sorted() -> None:
    """By auth's own words: a new one belongs here or to what a person has."""
    by_what_they_have = {"trusted-device", "totp-enrolled", "own-mfa"}
    others = {"invalid-credentials", "use-sso", "account-locked", "step-up"}
    assert {reason.value for reason in Reason} == BY_REGION | by_what_they_have | others
