"""What is kept of what auth and the notifier tell."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.rollout.use_cases.hear_audience import HearAudience
from shared.unavailable import DependencyUnavailable
from tests.fakes import NOW
from tests.unit.rollout.audience import limit, population, suppressed


@pytest.fixture
def hear() -> HearAudience:
    made, whole = HearAudience(), asyncio.Event()
    whole.set()
    made.reading(whole)
    return made


def test_the_newest_count_of_a_region_stands_in_whatever_order_they_come(hear: HearAudience) -> None:
    later = population(counted_at=NOW + timedelta(seconds=1), sso=1)
    hear.counted(later)
    hear.counted(population())
    hear.counted(population(region="apac"))
    assert hear.population("emea") == later
    assert hear.population("nowhere") is None


def test_an_account_is_suppressed_once_until_its_end(hear: HearAudience) -> None:
    account_id = uuid4()
    for days in (7, 30):
        hear.suppressed(suppressed(account_id, days))
    hear.suppressed(suppressed(days=30))
    hear.suppressed(suppressed(days=30, region="apac"))
    assert hear.how_many_suppressed("emea", NOW) == 2
    assert hear.how_many_suppressed("emea", NOW + timedelta(days=29)) == 2
    assert hear.how_many_suppressed("emea", NOW + timedelta(days=30)) == 0
    assert hear.how_many_suppressed("emea", NOW) == 0  # forgotten, not only passed over
    hear.suppressed(suppressed(account_id))
    assert hear.how_many_suppressed("emea", NOW) == 1


def test_an_account_that_is_mailed_again_is_not_counted_nor_one_that_moved(hear: HearAudience) -> None:
    cleared, moved = uuid4(), uuid4()
    for each in (cleared, moved):
        hear.suppressed(suppressed(each))
    hear.suppressed(suppressed(cleared, days=None))
    hear.suppressed(suppressed(cleared, days=None))
    hear.suppressed(suppressed(moved, region="apac"))
    assert hear.how_many_suppressed("emea", NOW) == 0
    assert hear.how_many_suppressed("apac", NOW) == 1


def test_the_last_word_of_each_provider_stands(hear: HearAudience) -> None:
    for event in (limit(provider="smtp"), limit(), limit(limit_per_minute=9)):
        hear.observed(event)
    assert hear.providers() == [limit(limit_per_minute=9), limit(provider="smtp")]


def test_nothing_is_said_before_all_topics_were_read() -> None:
    hear, read, unread = HearAudience(), asyncio.Event(), asyncio.Event()
    with pytest.raises(DependencyUnavailable):
        hear.population("emea")
    read.set()
    hear.reading(read, unread)
    for ask in (lambda: hear.population("emea"), lambda: hear.how_many_suppressed("emea", NOW), hear.providers):
        with pytest.raises(DependencyUnavailable):
            ask()
    unread.set()
    assert hear.providers() == []
