"""Challenges are kept for a time and up to a number, and no order of what is told of them makes a difference."""

import tracemalloc
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.observed_challenges import KEPT_S, MOST
from services.rollout.domain.verdict import Measure, Verdict
from tests.unit.rollout.challenge_stories import Fact, Story, Watch, spread
from tests.unit.rollout.samples import NOON

AFTER = st.none() | st.integers(0, 400)
STORIES = st.lists(
    st.builds(
        Story,
        number=st.integers(0, 30),
        ago=st.integers(0, 4_000),
        region=st.sampled_from(["emea", "apac"]),
        reason=st.sampled_from(["region-enforced", "step-up"]),
        provider=st.sampled_from(["sendgrid", "smtp"]),
        accepted=AFTER,
        delivered=AFTER,
        bounced=AFTER,
        end=st.sampled_from([None, "verified", "expired", "locked"]),
        ended=st.integers(0, 600),
    ),
    max_size=20,
)
FEW: dict[str, Any] = {"minimum_sample": 1}


def verdicts(told: list[tuple[Fact, datetime]]) -> list[Verdict]:
    watch = Watch().hear(told)
    return [watch.verdict(region, changed_at=NOON - timedelta(seconds=2_000), **FEW) for region in ("emea", "apac")]


@given(stories=STORIES, data=st.data())
def test_any_order_and_any_repetition_give_the_same_figures(stories: list[Story], data: st.DataObject) -> None:
    told = [fact for story in stories for fact in story.facts]
    again = data.draw(st.lists(st.sampled_from(told))) if told else []
    shuffled = data.draw(st.permutations(told + again))
    assert verdicts(shuffled) == verdicts(told)


def test_what_is_forgotten_stays_forgotten_when_it_is_told_again() -> None:
    old = spread(50, KEPT_S, KEPT_S - 60)
    watch = Watch().tell(*old)
    assert len(watch.observed) == 50
    watch.later(timedelta(seconds=120)).verdict()
    assert len(watch.observed) == 0
    now = watch.clock.now.timestamp()
    for story in old:
        watch.observed.asked(story.id, story.region, now - KEPT_S - 60, now)
    assert len(watch.observed) == 0


def test_what_belongs_to_no_login_is_forgotten_too() -> None:
    watch = Watch().tell(*spread(50, 60, 0, reason="step-up"))
    assert len(watch.observed) == 50
    watch.later(timedelta(seconds=KEPT_S + 60)).verdict()
    assert len(watch.observed) == 0


def test_there_are_never_more_than_so_many_and_what_is_left_is_whole() -> None:
    """An hour of mails is heard before the logins that they belong to: the oldest minutes go, not shares of all."""
    stories = spread(2_000, 3_600, 30)
    logins = [story.facts[0] for story in stories]
    mails = [fact for story in stories for fact in story.facts[1:]]
    for order in (mails + logins, logins + mails, Random(7).sample(mails + logins, k=len(mails + logins))):
        watch = Watch(most=1_000).hear(order)
        assert len(watch.observed) <= 1_000
        figure = watch.figure(Measure.ACCEPTED, "15m", **FEW)
        assert figure.value == 1 if figure.sample else figure.value is None


def test_a_challenge_takes_less_than_500_bytes() -> None:
    """What docs/decisions/0024 says of memory: `MOST` of them, 33 a second."""
    stories = spread(5_000, 3_600, 3_450)
    told = [fact for story in stories for fact in story.facts]
    watch = Watch()
    tracemalloc.start()
    watch.hear(told)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(watch.observed) == 5_000
    assert taken / 5_000 < 500
    assert MOST * 500 == 250_000_000
