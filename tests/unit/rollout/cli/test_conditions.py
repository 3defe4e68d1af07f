"""On what a command insists: the revision that was seen, and that nothing is begun twice."""

from services.rollout.domain.change import State
from tests.unit.rollout.cli import samples
from tests.unit.rollout.cli.stub_rollout import Problem, StubRollout

CHANGE = str(samples.ID)
DRAFT = ("changes", "draft", "emea", "ramp", "--percent", "25", "--reason", "wave 2, first step")


def test_a_verb_names_the_revision_that_it_read_or_the_one_it_is_told(stub: StubRollout) -> None:
    stub.answers["GET /v1/changes/ID"] = samples.change(State.IN_REVIEW, revision=7)
    stub.run("changes", "approve", CHANGE)
    stub.run("changes", "approve", CHANGE, "--revision", "5")
    assert [asked.headers["if-match"] for asked in stub.sent("POST")] == ['"7"', '"5"']


def test_a_region_is_written_at_the_version_that_was_read(stub: StubRollout) -> None:
    stub.run("regions", "set", "emea", "off", "--reason", "stop")
    stub.run("regions", "set", "emea", "off", "--reason", "stop", "--version", "2")
    stub.run("regions", "set", "emea", "off", "--reason", "begin", "--create")
    first, pinned, made = stub.sent("PUT")
    assert (first.headers["if-match"], pinned.headers["if-match"], made.headers["if-none-match"]) == ('"3"', '"2"', "*")


def test_dates_stay_as_they_stand_unless_another_is_given(stub: StubRollout) -> None:
    stub.run("regions", "set", "emea", "off", "--reason", "stop")
    stub.run("regions", "set", "emea", "off", "--reason", "stop", "--enforce-at", "none")
    stub.run("regions", "set", "emea", "off", "--reason", "stop", "--enforce-at", "2027-02-01T09:00+01:00")
    sent = [asked.body["enforce_at"] for asked in stub.sent("PUT")]
    assert sent == ["2026-11-29T09:00:00Z", None, "2027-02-01T08:00:00+00:00"]


def test_the_same_draft_has_the_same_key_while_the_region_stands_where_it_did(stub: StubRollout) -> None:
    stub.run(*DRAFT)
    stub.run(*DRAFT)
    stub.answers["GET /v1/regions/emea"] = samples.region(version=4)
    stub.run(*DRAFT)
    first, again, later = [asked.headers["idempotency-key"] for asked in stub.sent("POST")]
    assert first == again != later


def test_what_was_drafted_on_another_version_than_was_seen_is_said(stub: StubRollout) -> None:
    stub.answers["POST /v1/changes"] = samples.change(base_version=9)
    ended = stub.run(*DRAFT)
    assert (ended.code, CHANGE in ended.err) == (5, True)


def test_a_key_that_stands_for_something_else_or_for_an_end_is_passed_over(stub: StubRollout) -> None:
    used = Problem(409, "idempotency-key-used")
    stub.answers["POST /v1/changes"] = [used, samples.change(State.CANCELLED), samples.change()]
    assert stub.run(*DRAFT).code == 0
    assert len({asked.headers["idempotency-key"] for asked in stub.sent("POST")}) == 3


def test_waiting_outlasts_a_rollout_that_is_away_for_a_moment(stub: StubRollout) -> None:
    away = Problem(503, "temporarily-unavailable")
    behind = samples.propagation(everywhere=False)
    stub.answers["GET /v1/regions/emea/propagation"] = [behind, away, samples.propagation()]
    assert stub.run("regions", "watch", "emea", "--timeout", "20").code == 0


def test_what_was_done_is_told_also_where_it_did_not_arrive(stub: StubRollout) -> None:
    stub.answers["GET /v1/regions/emea/propagation"] = samples.propagation(everywhere=False)
    ended = stub.run("regions", "set", "emea", "off", "--reason", "stop", "--wait", "--timeout", "1")
    assert (ended.code, "emea: 1 of 1 instances have version 4" in ended.out) == (7, True)
