"""One account alone says nothing of its region."""

from uuid import uuid4

import pytest

from services.rollout.domain.fair_share import FairShare
from services.rollout.domain.verdict import Measure, Result
from tests.unit.rollout.challenge_stories import Watch, spread

HOUR_S = 3600.0


def test_so_many_of_an_account_count_in_each_hour() -> None:
    share, somebody, other = FairShare(2), uuid4(), uuid4()
    assert [share.takes(somebody, 100 * HOUR_S + each) for each in range(4)] == [True, True, False, False]
    assert share.takes(other, 100 * HOUR_S)
    assert [share.takes(somebody, 101 * HOUR_S + each) for each in range(3)] == [True, True, False]


def test_accounts_are_forgotten_after_some_hours_and_when_they_are_too_many() -> None:
    share = FairShare(2, accounts=10)
    for _ in range(5):
        assert share.takes(uuid4(), 100 * HOUR_S)
    assert share.takes(uuid4(), 103 * HOUR_S)
    assert len(share) == 6
    assert share.takes(uuid4(), 104 * HOUR_S)
    assert len(share) == 2
    for _ in range(100):
        assert share.takes(uuid4(), 104 * HOUR_S)
    assert len(share) <= 10


@pytest.mark.parametrize("end", [None, "locked", "expired"])
def test_who_knows_one_password_pauses_no_region(end: str | None) -> None:
    """110 logins in a minute, of which no code comes: the account has had all that it may have."""
    watch, somebody = Watch().tell(*spread(900, 3_600, 0)), uuid4()
    for story in spread(110, 90, 31, 10_000, accepted=None, delivered=None, end=end):
        (login, told_at), *rest = story.facts
        watch.hear([(login.model_copy(update={"account_id": somebody}), told_at), *rest])
    assert watch.verdict().result is Result.PASS
    assert watch.figure(Measure.ACCEPTED, "15m").sample < 230


def test_a_login_that_is_told_again_is_no_second_one() -> None:
    watch = Watch()
    story, second, third = spread(3, 90, 60)
    account = uuid4()
    logins = [
        (each.facts[0][0].model_copy(update={"account_id": account}), each.facts[0][1])
        for each in (story, story, story, second, third, second)
    ]
    watch.hear(logins)
    assert watch.figure(Measure.ACCEPTED, "1h").sample == 2
