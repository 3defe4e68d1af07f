"""The figures of a region, and what they say of it."""

from datetime import timedelta
from typing import Any

import pytest

from services.rollout.domain.verdict import Measure, Result
from shared.events import Outcome
from shared.unavailable import DependencyUnavailable
from tests.unit.rollout.challenge_stories import Story, Topic, Watch, spread
from tests.unit.rollout.samples import NOON

LOST: dict[str, Any] = {"accepted": None, "delivered": None}
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
# What ended before noon by more than any measure's time, spread over the windows of all of them.
WELL = spread(2_150, 4_300, 0)


def test_no_data_holds() -> None:
    verdict = Watch().verdict()
    assert (verdict.result, verdict.because) == (Result.HOLD, "only 0 of the 100 challenges that it takes")
    assert {figure.result for window in verdict.figures for figure in window.figures} == {Result.HOLD}


def test_a_region_that_is_well_passes() -> None:
    verdict = Watch().tell(*WELL).verdict()
    assert (verdict.result, verdict.as_of) == (Result.PASS, NOON)
    assert [window.window for window in verdict.figures] == ["1m", "15m", "1h"]


@pytest.mark.parametrize(
    ("ill", "measure"),
    [
        (LOST | {"end": "expired"}, Measure.ACCEPTED),
        ({"delivered": None}, Measure.DELIVERED),
        ({"end": "expired", "ended": 601}, Measure.VERIFIED),
        ({"end": None}, Measure.VERIFIED),
        ({"bounced": 6, "delivered": None}, Measure.BOUNCED),
        ({"end": "locked"}, Measure.LOCKED),
        ({"accepted": 25, "delivered": 26}, Measure.P95_ACCEPTED_S),
    ],
)
def test_each_measure_stops_a_region_that_was_well(ill: dict[str, Any], measure: Measure) -> None:
    watch = Watch().tell(*WELL)
    assert watch.verdict().result is Result.PASS
    watch.tell(*spread(1_000, 900, 0, 10_000, **ill)).later(HOUR / 4)
    assert watch.verdict().result is Result.FAIL
    assert any(watch.figure(measure, window).result is Result.FAIL for window in ("1m", "15m", "1h"))


def test_the_reason_says_what_failed_where_and_by_how_much() -> None:
    watch = Watch().tell(*spread(180, 90, 30), *spread(20, 90, 30, 1_000, bounced=3))
    assert watch.verdict().result is Result.HOLD  # no end is known yet
    watch.tell(*spread(1, 60, 60, 2_000, bounced=3))
    verdict = watch.verdict()
    assert verdict.result is Result.FAIL
    assert verdict.because == "bounced 10.4% of 201 challenges in 1m, at most 10.0% was to be"


@pytest.mark.parametrize(("sample", "result"), [(99, Result.HOLD), (100, Result.FAIL)])
def test_a_sample_is_enough_from_the_minimum_on(sample: int, result: Result) -> None:
    watch = Watch().tell(*spread(sample, 90, 30, bounced=3))
    assert watch.verdict().result is result
    assert watch.figure(Measure.BOUNCED).sample == sample


@pytest.mark.parametrize(("bounces", "result"), [(10, Result.PASS), (11, Result.FAIL)])
def test_what_is_just_within_a_limit_is_within_it(bounces: int, result: Result) -> None:
    watch = Watch().tell(*spread(bounces, 90, 30, bounced=3), *spread(100 - bounces, 90, 30, 1_000))
    assert watch.figure(Measure.BOUNCED, "1m").result is result


def test_a_minute_that_fails_is_not_outweighed_by_a_good_hour() -> None:
    watch = Watch().tell(*spread(4_000, 4_300, 90), *spread(200, 90, 30, 100_000, bounced=3))
    assert watch.figure(Measure.BOUNCED, "1h").result is Result.PASS
    assert watch.verdict().result is Result.FAIL


def test_one_event_is_counted_once_however_often_it_comes() -> None:
    stories = spread(80, 90, 30, bounced=3)
    watch = Watch().tell(*stories, *stories, *stories)
    assert watch.figure(Measure.BOUNCED).sample == 80
    assert watch.verdict().result is Result.HOLD


def test_a_resend_makes_no_second_challenge_and_the_first_acceptance_counts() -> None:
    story = Story(ago=60, accepted=4)
    again = story.mail(Outcome.ACCEPTED, NOON, message_id=Story(number=7).id, attempt=2)
    watch = Watch().hear([(again, NOON)]).tell(story)
    figure = watch.figure(Measure.P95_ACCEPTED_S)
    assert (figure.sample, figure.value) == (1, 4.0)


def test_late_events_belong_to_the_moment_of_their_challenge() -> None:
    stories = spread(100, 90, 30, bounced=50)
    logins, rest = [story.facts[0] for story in stories], [fact for story in stories for fact in story.facts[1:]]
    watch = Watch().hear(logins)
    assert watch.figure(Measure.BOUNCED, "1m").value == 0
    watch.later(HOUR / 6).hear(rest)
    assert watch.figure(Measure.BOUNCED, "1m").sample == 0
    assert watch.figure(Measure.BOUNCED, "15m").value is not None
    assert watch.figure(Measure.BOUNCED, "1h").value == 1


@pytest.mark.parametrize(
    ("measure", "settled", "never"),
    [
        (Measure.ACCEPTED, 30, LOST),
        (Measure.DELIVERED, 180, {"delivered": None}),
        (Measure.VERIFIED, 660, {"end": None}),
    ],
)
def test_a_challenge_is_judged_once_it_had_its_time(measure: Measure, settled: float, never: dict[str, Any]) -> None:
    """Half a window of those whose outcome is still awaited does not lower the share, nor do quick ones raise it."""
    judged = spread(100, settled + 60, settled)
    waiting = spread(100, settled, 0, 1_000, **LOST, end=None)
    figure = Watch().tell(*judged, *waiting).figure(measure)
    assert (figure.value, figure.sample) == (1, 100)
    quick = spread(100, settled, 0, 1_000)
    slow = spread(100, settled + 60, settled, **never)
    figure = Watch().tell(*slow, *quick, Story(number=5_000, ago=1_000)).figure(measure)
    assert (figure.value, figure.sample) == (0.009901, 101)


def test_the_edges_of_a_window_are_those_of_its_slots() -> None:
    """The last minute, 30 s ago: from 90 s ago on, up to and without 30 s ago."""
    for ago, sample in ((90.001, 0), (90, 1), (30.001, 1), (30, 0)):
        assert Watch().tell(Story(ago=ago)).figure(Measure.ACCEPTED, "1m").sample == sample, ago


def test_only_what_came_after_since_is_evidence() -> None:
    watch = Watch().tell(*spread(100, 90, 60, bounced=3), *spread(50, 60, 30, 1_000))
    assert watch.verdict().result is Result.FAIL
    later = watch.verdict(since=NOON - 60 * SECOND)
    assert later.result is Result.HOLD
    assert watch.figure(Measure.BOUNCED, since=NOON - 60 * SECOND).sample == 50
    assert watch.figure(Measure.BOUNCED, since=NOON - 59.999 * SECOND).sample < 50  # its slot began before it
    assert watch.figure(Measure.BOUNCED, since=NOON).sample == 0


def test_a_bounce_after_since_of_a_challenge_before_it_is_no_evidence() -> None:
    watch = Watch().tell(*spread(200, 600, 300, bounced=250))
    assert watch.verdict().result is Result.FAIL
    assert watch.figure(Measure.BOUNCED, since=NOON - 300 * SECOND).sample == 0


@pytest.mark.parametrize(
    ("before", "result", "limit"),
    [(100, Result.FAIL, 0.8), (99, Result.PASS, 0.5)],
)
def test_a_region_is_held_to_what_it_had_before(before: int, result: Result, limit: float) -> None:
    """If enough is known of that."""
    now = spread(75, 90, 30, 1_000), spread(25, 90, 30, 2_000, **LOST)
    watch = Watch().tell(*spread(before, 5_000, 4_900), *now[0], *now[1])
    changed: dict[str, Any] = {"changed_at": NOON - 4_000 * SECOND, "least_accepted": 0.5}
    figure = watch.figure(Measure.ACCEPTED, **changed)
    assert (figure.result, figure.limit, figure.value) == (result, limit, 0.75)
    assert figure.baseline == (1 if before == 100 else None)


def test_the_baseline_is_from_before_the_change_or_else_from_before_the_window() -> None:
    before, since = spread(100, 5_000, 4_900), spread(100, 1_000, 900, 500, **LOST)
    watch = Watch().tell(*before, *since, *spread(100, 90, 30, 1_000))
    assert watch.figure(Measure.ACCEPTED, "1m", changed_at=NOON - 2_000 * SECOND).baseline == 1
    assert watch.figure(Measure.ACCEPTED, "1m", changed_at=NOON).baseline == 0.5
    assert watch.figure(Measure.ACCEPTED, "1m", changed_at=NOON - 4 * HOUR).baseline == 0.5


def test_a_share_just_as_far_below_the_baseline_as_allowed_is_well() -> None:
    before = spread(900, 5_000, 4_900), spread(100, 5_000, 4_900, 1_000, **LOST)
    now = spread(70, 90, 30, 2_000), spread(30, 90, 30, 3_000, **LOST)
    watch = Watch().tell(*before[0], *before[1], *now[0], *now[1])
    figure = watch.figure(Measure.ACCEPTED, "1m", least_accepted=0.5)
    assert (figure.baseline, figure.limit, figure.value, figure.result) == (0.9, 0.7, 0.7, Result.PASS)


def test_a_relay_that_never_tells_of_deliveries_is_not_held_to_them() -> None:
    told = [Story(number=each.number, ago=each.ago, provider="smtp", delivered=None) for each in WELL]
    watch = Watch().tell(*told, *spread(200, 800, 700, 10_000, region="apac"))
    assert watch.figure(Measure.DELIVERED).value is None
    assert watch.verdict().result is Result.PASS


def test_where_others_have_deliveries_and_this_region_none_it_fails() -> None:
    told = [Story(number=each.number, ago=each.ago, delivered=None) for each in WELL]
    watch = Watch().tell(*told)
    assert watch.verdict().result is Result.PASS  # nobody tells of any: the webhook may be away
    watch.tell(*spread(200, 800, 700, 10_000, region="apac"))
    assert watch.figure(Measure.DELIVERED).value == 0
    assert watch.verdict().result is Result.FAIL


@pytest.mark.parametrize("reason", ["step-up", "totp-enrolled", "region-unknown", "region-shadow"])
def test_what_the_region_did_not_ask_for_says_nothing_of_it(reason: str) -> None:
    watch = Watch().tell(*spread(200, 90, 30, bounced=3, reason=reason))
    assert watch.figure(Measure.BOUNCED).sample == 0


@pytest.mark.parametrize("reason", ["inside-ramp", "region-enforced", "bypass-ended"])
def test_what_the_region_asked_for_does(reason: str) -> None:
    assert Watch().tell(*spread(200, 90, 30, reason=reason)).figure(Measure.BOUNCED).sample == 200


def test_only_mails_with_codes_count() -> None:
    stories = spread(100, 90, 30)
    watch = Watch().tell(*stories)
    watch.hear((story.mail(Outcome.BOUNCED, NOON, kind="notice"), NOON) for story in stories)
    watch.hear((story.mail(Outcome.BOUNCED, NOON, challenge_id=None), NOON) for story in stories)
    assert watch.figure(Measure.BOUNCED).value == 0


def test_clocks_that_differ_make_no_wait_below_nought_and_what_is_far_ahead_is_nobodys() -> None:
    watch = Watch().tell(Story(ago=60, accepted=-2), Story(number=1, ago=-301), Story(number=2, ago=-299))
    assert watch.figure(Measure.P95_ACCEPTED_S).value == 0
    watch.later(HOUR / 4)
    assert watch.figure(Measure.ACCEPTED, "1h").sample == 2


def test_five_of_a_hundred_may_wait_longer() -> None:
    watch = Watch().tell(*spread(95, 90, 30, accepted=2.01), *spread(5, 90, 30, 1_000, accepted=28.2, delivered=29))
    assert watch.figure(Measure.P95_ACCEPTED_S).value == 2.1
    watch.tell(Story(number=5_000, ago=60, accepted=28.2, delivered=29))
    assert watch.figure(Measure.P95_ACCEPTED_S).value == 29.0


def test_what_is_not_heard_for_long_holds_whatever_it_was() -> None:
    watch = Watch().tell(*spread(200, 90, 30, bounced=3))
    assert watch.verdict().result is Result.FAIL
    watch.clock.advance(16 * SECOND)
    verdict = watch.verdict()
    assert (verdict.result, verdict.because) == (Result.HOLD, "nothing was heard from Kafka for 16 s")
    assert verdict.figures == ()


def test_one_topic_that_is_behind_puts_the_edge_back() -> None:
    """Else mails of which the outcome was not heard yet would count as not accepted."""
    watch = Watch(topics=[Topic(), Topic(NOON - 10 * SECOND), Topic()]).tell(*spread(100, 40, 30, **LOST))
    assert watch.verdict().as_of == NOON - 10 * SECOND
    assert watch.figure(Measure.ACCEPTED).sample == 0


@pytest.mark.parametrize("topics", [[], [Topic(), Topic(None), Topic()]], ids=["none", "one-never"])
def test_until_everything_was_heard_nothing_is_said(topics: list[Topic]) -> None:
    with pytest.raises(DependencyUnavailable):
        Watch(topics=topics).tell(*WELL).verdict()


def test_regions_are_apart() -> None:
    watch = Watch().tell(*spread(200, 90, 30, bounced=3, region="apac"), *spread(200, 90, 30, 1_000))
    assert watch.verdict("apac").result is Result.FAIL
    assert watch.figure(Measure.BOUNCED).value == 0


def test_a_verdict_is_json() -> None:
    told = Watch().tell(*WELL).verdict().as_json()
    assert (told["result"], told["as_of"]) == ("pass", NOON.isoformat())
    assert told["figures"][2]["figures"][0] == {
        "measure": "accepted", "value": 1.0, "sample": 1_800,
        "limit": 0.9, "baseline": 1.0, "result": "pass",
    }  # fmt: skip
