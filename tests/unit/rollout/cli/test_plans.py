"""`gatepost plans …`: a file becomes a plan, nothing is done twice, and nobody is bypassed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.rollout.cli import samples
from tests.unit.rollout.cli.stub_rollout import Ended, Problem, StubRollout

PLAN = """
name: everybody by spring
reason: as agreed
waves:
  - name: wave 1
    regions:
      - {region: emea, time_zone: Europe/Berlin}
    begin_at: 2027-02-01T09:00
    steps: [500, 2500]
    step_every: PT48H
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "plan.yaml"
    made.write_text(PLAN)
    return made


def standing(stub: StubRollout, state: str = "draft", **other: Any) -> None:
    stub.answers["GET /v1/plans"] = {"plans": [samples.plan(state, **other)], "next": None}
    stub.answers["GET /v1/plans/ID"] = samples.plan(state, **other)


def applied(stub: StubRollout, file: Path, *more: str) -> Any:
    ended = stub.run("plan", "apply", str(file), *more, "--json")
    assert ended.code == 0, ended
    return json.loads(ended.out)


@pytest.mark.parametrize("state", ["draft", "in-review", "approved", "running", "halted", "completed", "cancelled"])
def test_a_file_that_says_what_stands_changes_nothing(stub: StubRollout, file: Path, state: str) -> None:
    standing(stub, state)
    told = applied(stub, file)
    assert (told["done"], told["differences"]) == ("unchanged", [])
    assert stub.sent("POST") + stub.sent("PUT") == []
    assert "unchanged" in stub.run("plans", "apply", str(file)).out


def test_a_new_name_is_drafted_and_submitted_when_that_is_asked_for(stub: StubRollout, file: Path) -> None:
    stub.answers["GET /v1/plans"] = {"plans": [], "next": None}
    stub.answers["GET /v1/plans/ID"] = samples.plan()
    assert applied(stub, file)["done"] == "drafted"
    applied(stub, file, "--submit")
    drafted, again, submitted = stub.sent("POST")
    assert drafted.body["waves"][0]["begin_at"] == "2027-02-01T09:00"
    assert drafted.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert submitted.path == f"/v1/plans/{samples.ID}/submit"


def test_a_file_that_differs_edits_the_plan_on_the_revision_that_was_compared(stub: StubRollout, file: Path) -> None:
    standing(stub, "approved")
    file.write_text(PLAN.replace("[500, 2500]", "[500, 5000]"))
    told = applied(stub, file)
    assert told["differences"] == [{"field": "waves[0].steps", "before": [500, 2_500], "after": [500, 5_000]}]
    (edited,) = stub.sent("PUT")
    assert (told["done"], edited.headers["if-match"], edited.body["waves"][0]["steps"]) == (
        "edited",
        '"2"',
        [500, 5_000],
    )
    assert stub.sent("POST") == []
    assert "waves[0].steps" in stub.run("plans", "apply", str(file)).out


def test_a_halted_plan_is_written_anew_only_when_that_is_said(stub: StubRollout, file: Path) -> None:
    standing(stub, "halted")
    assert applied(stub, file, "--renew")["done"] == "edited"
    standing(stub, "cancelled")
    assert applied(stub, file, "--renew")["done"] == "drafted"


def test_one_that_is_over_is_followed_by_a_new_one_once_the_file_differs(stub: StubRollout, file: Path) -> None:
    standing(stub, "completed", reason="as agreed last year")
    assert applied(stub, file)["done"] == "drafted"


def test_the_name_is_looked_for_on_every_page(stub: StubRollout, file: Path) -> None:
    other = {"plans": [samples.plan(name="another")], "next": "7"}
    stub.answers["GET /v1/plans"] = [other, {"plans": [samples.plan()], "next": None}]
    assert applied(stub, file)["done"] == "unchanged"


def test_what_runs_is_not_edited(stub: StubRollout, file: Path) -> None:
    standing(stub, "running", reason="another")
    stub.answers["PUT /v1/plans/ID"] = Problem(409, "plan-not-in-this-state")
    assert stub.run("plans", "apply", str(file)).code == 3


@pytest.mark.parametrize(
    "text",
    [
        "", "- a", "name: x", "name: x\nwaves: 3", "name: x\nwaves: [3]", "name: x\nwaves: [{regions: [emea]}]",
        "name: x\nname: y\nwaves: []", "name: [", "name: x\nwaves: [{regions: []}]", "a: &a [*a]", "\x00",
        "!!python/object/apply:os.system ['true']",
    ],
)  # fmt: skip
def test_what_is_no_plan_is_not_sent(stub: StubRollout, file: Path, text: str) -> None:
    file.write_text(text)
    assert stub.run("plans", "apply", str(file)).code == 2
    assert stub.asked == []


def test_a_file_that_is_not_there_is_the_callers_mistake(stub: StubRollout, tmp_path: Path) -> None:
    assert stub.run("plans", "apply", str(tmp_path / "gone.yaml")).code == 2


def watched(stub: StubRollout, *plans: Any) -> Ended:
    stub.answers["GET /v1/plans/ID"] = list(plans)
    return stub.run("plans", "watch", str(samples.ID))


def test_watching_tells_each_step_once_and_ends_with_the_plan(stub: StubRollout) -> None:
    done = {**samples.plan()["course"][0], "done": True}
    ended = watched(stub, samples.plan("running"), samples.plan("completed", course=[done]))
    assert ended.code == 0
    assert [line.partition("  ")[2] for line in ended.out.splitlines()] == [
        "plan: running",
        "emea: step 5 %, waits for date until 2027-02-01 08:00:00 UTC",
        "plan: completed",
        "emea: done",
    ]


def test_watching_ends_where_a_person_is_needed(stub: StubRollout) -> None:
    ended = watched(stub, samples.plan("halted", because="emea stands at version 9"))
    assert (ended.code, "it is halted: emea stands at version 9" in ended.err) == (7, True)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"waits_for": None, "until": "2027-02-01T08:00:00Z"}, "step 5 %, due 2027-02-01 08:00:00 UTC"),
        ({"rung": None, "percent": None, "waits_for": "notice"}, "announcement, waits for notice until"),
        ({"waits_for": "own-gate", "until": None, "because": "too few"}, "step 5 %, waits for own-gate, too few"),
        ({"rung": None, "waits_for": None, "until": None, "because": "stands at version 9"}, "halted, stands at"),
        ({"rung": "enforced", "percent": 10_000, "waits_for": "pause", "until": None}, "enforced, waits for pause"),
    ],
)
def test_the_next_step_is_told_in_words(stub: StubRollout, step: Any, told: str) -> None:
    stub.answers["GET /v1/plans/ID"] = samples.plan(course=[{**samples.plan()["course"][0], **step}])
    assert told in stub.run("plans", "show", str(samples.ID)).out
