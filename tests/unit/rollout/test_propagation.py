"""Who has applied what, and when it may be said that all have."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.propagation import Instances, InstanceState, Propagation, Standing, propagation
from shared.events import InstanceForgotten, PolicyApplied
from tests.unit.rollout.heartbeats import SILENT_AFTER, A, B, applied, forgotten, heartbeat
from tests.unit.rollout.samples import NOON

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
Told = PolicyApplied | InstanceForgotten


def instances(*told: Told, now: datetime = NOON) -> Instances:
    """As they are known after that was told, all of it at `now`."""
    heard = Instances(HOUR)
    for each in told:
        if isinstance(each, PolicyApplied):
            heard.heard(each, now)
        else:
            heard.forget(each)
    return heard


def seen(*told: Told, version: int = 7, now: datetime = NOON) -> Propagation:
    """Of `emea`, which stands at `version`."""
    return propagation("emea", version, instances(*told, now=now).known(now), now)


A7, B7 = heartbeat(A, emea=applied(7, 41)), heartbeat(B, emea=applied(7, 12))


@pytest.mark.parametrize(
    ("told", "everywhere"),
    [
        ([], False),
        ([A7], True),
        ([A7, B7], True),
        ([A7, heartbeat(B, emea=applied(6, 3))], False),
        ([A7, heartbeat(B, emea=applied(8, 3))], False),
        ([A7, heartbeat(B, apac=applied(7, 3))], False),
        ([A7, heartbeat(B)], False),
        ([A7, heartbeat(B, emea=applied(6)), B7], True),
        ([A7, B7, heartbeat(B, emea=applied(6))], False),  # what it said last counts: it has lost the newer one
        ([A7, heartbeat(B, emea=applied(6)), heartbeat(B, emea=applied(6), going=True)], True),
        ([A7, heartbeat(A, going=True)], False),
        ([A7, heartbeat(B, NOON - SILENT_AFTER, emea=applied(7))], True),
        ([A7, heartbeat(B, NOON - SILENT_AFTER - TICK, emea=applied(7))], False),
        ([A7, heartbeat(B, NOON - HOUR, emea=applied(6))], False),
        ([A7, heartbeat(B, NOON - HOUR - TICK, emea=applied(6))], True),
        ([A7, heartbeat(B, NOON - HOUR, emea=applied(6)), forgotten(B, NOON - HOUR)], True),
        ([A7, forgotten(B, NOON - HOUR), heartbeat(B, NOON - HOUR, emea=applied(6))], True),
        ([A7, forgotten(B, NOON - HOUR), heartbeat(B, emea=applied(6))], False),
        ([A7, heartbeat(B, emea=applied(6)), forgotten(B, NOON - HOUR)], False),
    ],
    ids=[
        "nobody",
        "the only one",
        "both",
        "one behind",
        "one ahead",
        "one that knows other regions",
        "one that knows nothing",
        "one that came after",
        "one that went back",
        "one behind that has gone",
        "nobody any more",
        "one last heard just so long ago",
        "one that is silent",
        "one that is silent for long",
        "one that is silent for too long",
        "one that was forgotten",
        "forgotten before it was read",
        "one that came back",
        "one that came back before it was forgotten",
    ],
)
def test_everywhere_is_said_only_when_every_instance_lives_and_has_the_version(
    told: list[Told], everywhere: bool
) -> None:
    assert seen(*told).everywhere is everywhere


@pytest.mark.parametrize(
    ("version", "standing", "latency_ms"),
    [(6, Standing.BEHIND, None), (7, Standing.CURRENT, 41), (8, Standing.AHEAD, None)],
)
def test_an_instance_stands_beside_the_region(version: int, standing: Standing, latency_ms: int | None) -> None:
    (one,) = seen(heartbeat(A, emea=applied(version, 41))).instances

    assert (one.version, one.standing, one.latency_ms) == (version, standing, latency_ms)


def test_one_that_does_not_know_the_region_is_behind() -> None:
    (one,) = seen(heartbeat(A)).instances

    assert (one.version, one.standing, one.latency_ms) == (None, Standing.BEHIND, None)


def test_the_slowest_is_of_this_version_and_of_those_who_waited_for_it() -> None:
    assert seen(A7, B7).slowest_ms == 41
    assert seen(heartbeat(A, emea=applied(6, 900)), B7).slowest_ms == 12
    assert seen(heartbeat(A, emea=applied(7))).slowest_ms is None


def test_instances_are_shown_by_name_with_their_last_sign_of_life() -> None:
    earlier = NOON - SILENT_AFTER - TICK
    shown = seen(heartbeat(B, earlier), A7).instances

    assert [(one.name, one.state, one.heartbeat_at) for one in shown] == [
        ("auth-a", InstanceState.LIVE, NOON),
        ("auth-b", InstanceState.SILENT, earlier),
    ]


def test_a_clock_that_is_ahead_keeps_nobody_alive() -> None:
    known = instances(heartbeat(A, NOON + HOUR, emea=applied(7))).known(NOON)

    assert known[0].state(NOON + SILENT_AFTER + TICK) is InstanceState.SILENT


@pytest.mark.parametrize(
    ("then", "after", "news"),
    [
        (heartbeat(A, NOON + TICK, emea=applied(7, 41)), TICK, False),
        (heartbeat(A, NOON + TICK, emea=applied(8, 41)), TICK, True),
        (heartbeat(A, NOON + TICK), TICK, True),
        (heartbeat(A, NOON + TICK, emea=applied(7, 41), going=True), TICK, True),
        (heartbeat(B, NOON + TICK, emea=applied(7, 41)), TICK, True),
        (heartbeat(B, NOON + TICK, going=True), TICK, False),
        (heartbeat(A, NOON + HOUR, emea=applied(7, 41)), HOUR, True),
    ],
    ids=["alive", "another version", "unreadable", "goodbye", "somebody else", "a stranger's goodbye", "back"],
)
def test_a_mere_sign_of_life_is_no_news(then: PolicyApplied, after: timedelta, news: bool) -> None:
    assert instances(A7).heard(then, NOON + after) is news


@given(
    st.lists(
        st.tuples(st.sampled_from([A, B]), st.integers(0, 8), st.booleans(), st.integers(-7200, 0)),
        max_size=12,
    ),
    st.integers(1, 8),
)
def test_it_is_never_said_while_somebody_heard_within_the_hour_has_not_the_version(
    told: list[tuple[object, int, bool, int]], version: int
) -> None:
    heard, last = Instances(HOUR), {}
    for instance, applied_version, going, second in sorted(told, key=lambda each: each[3]):
        at = NOON + timedelta(seconds=second)
        regions = {"emea": applied(applied_version)} if applied_version else {}
        event = heartbeat(instance, at, going=going, **regions)  # type: ignore[arg-type]
        heard.heard(event, at)
        last[instance] = event
    owing = [
        event
        for event in last.values()
        if not event.going
        and event.at >= NOON - HOUR
        and ("emea" not in event.regions or event.regions["emea"].version != version)
    ]

    assert not (owing and propagation("emea", version, heard.known(NOON), NOON).everywhere)
