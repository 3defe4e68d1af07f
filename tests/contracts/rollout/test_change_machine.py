"""No policy changes without the approvals that its direction needs, whoever does what at the same time."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from shared.postgres import postgres_engine
from tests.contracts.rollout.change_bugs import BUGS
from tests.contracts.rollout.change_machine import ChangeMachine

RULES_IN_A_RUN = 30
SETTINGS = settings(
    stateful_step_count=RULES_IN_A_RUN,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


RARE = {"a bypass counts as less", "a ramp over everybody counts as enforced"}  # test_direction.py has them as well
SEEN = {
    *("set: region", "set: in-review", "set: REGION_MOVED", "edit: draft", "approve: OWN", "approve: REVISION_MOVED"),
    *("apply: applied", "apply: UNAPPROVED", "apply: EARLY", "apply: REGION_MOVED", "apply: REVISION_MOVED"),
    *("due: applied", "due: halted"),
}  # else it would say nothing of them


@pytest.fixture(scope="module")
def machine(migrated_url: str) -> Iterator[type[ChangeMachine]]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ChangeMachine.runner, ChangeMachine.engine = runner, postgres_engine(migrated_url)
        yield ChangeMachine
        runner.run(ChangeMachine.engine.dispose())


def test_nothing_goes_around_the_approvals(machine: type[ChangeMachine], request: pytest.FixtureRequest) -> None:
    least = request.config.getoption("--model-steps") // 20
    machine.steps, examples = 0, least // 40
    for _ in range(4):  # what each run comes by is chance; twice as many see more
        run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=examples))
        if machine.steps >= least and machine.seen >= SEEN:
            break
        examples *= 2

    assert machine.steps >= least
    assert machine.seen >= SEEN
    print(f"{machine.steps} steps; {sorted(machine.seen)}")  # noqa: T201 - shown with -s


@pytest.mark.parametrize("bug", BUGS)
def test_what_could_be_wrong_is_found_by_the_rows_alone(
    machine: type[ChangeMachine], bug: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if bug in RARE and request.config.getoption("--model-steps") <= 10_000:
        pytest.skip("takes the machine a thousand steps to come by: run with --model-steps 20000")
    BUGS[bug](monkeypatch)
    buggy: Any = type("Buggy", (machine,), {"has_model": False, "steps": 0})
    quick = settings(SETTINGS, max_examples=100, print_blob=False, report_multiple_bugs=False)
    with pytest.raises(Exception):  # noqa: B017 - Flaky of some kind, where it did not come again
        run_state_machine_as_test(buggy, settings=quick)
    assert isinstance(buggy.found, AssertionError | IntegrityError)  # the second: PostgreSQL itself refused
    print(f"{bug}: found after {buggy.steps} steps: {buggy.found!r:.300}")  # noqa: T201 - shown with -s
