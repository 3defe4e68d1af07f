"""`gatepost plans …` and the pauses of `gatepost regions …` on a real rollout."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.rollout.commands import Desk
from tests.integration.rollout.instance import OFF, RAMP, Rollout

MANAGER, APPROVER = "release_manager", "approver"


@pytest.fixture
def desk(rollout: Rollout) -> Desk:
    return Desk(rollout.process.url)


@pytest.fixture
async def file(rollout: Rollout, name: str, tmp_path: Path) -> Path:
    """A plan of a region that is off, for a month from now."""
    await rollout.create(name, OFF)
    begin = datetime.now(UTC) + timedelta(days=30)
    made = tmp_path / "plan.yaml"
    text = f"""
name: plan of {name}
reason: as agreed
waves:
  - name: wave 1
    regions: [{{region: {name}, time_zone: Europe/Berlin}}]
    begin_at: {begin:%Y-%m-%dT%H:%M}
    steps: [500, 2500]
    step_every: PT48H
"""
    made.write_text(text)
    return made


def with_steps(file: Path, steps: str) -> None:
    file.write_text(file.read_text().replace("[500, 2500]", steps))


async def test_a_file_becomes_a_plan_that_another_person_approves(desk: Desk, file: Path) -> None:
    dry = await desk.json(MANAGER, "plans", "apply", str(file), "--dry-run")
    assert [step["percent"] for step in dry["previews"][0]["steps"]] == [500, 2_500, 10_000]
    drafted = await desk.json(MANAGER, "plans", "apply", str(file), "--submit")
    plan = drafted["plan"]["id"]
    assert (drafted["done"], drafted["plan"]["state"]) == ("drafted", "in-review")
    assert (await desk.json(MANAGER, "plan", "apply", str(file)))["done"] == "unchanged"
    assert (await desk.run(MANAGER, "plans", "start", plan)).code == 3

    await desk.json(APPROVER, "plans", "approve", plan[:8])
    assert (await desk.json(MANAGER, "plans", "start", plan))["state"] == "running"
    assert (await desk.run("viewer", "plans", "watch", plan, "--timeout", "1")).code == 7
    paused = await desk.json(APPROVER, "plans", "pause", plan, "--reason", "too many calls")
    assert (paused["state"], paused["because"]) == ("paused", "too many calls")

    assert (await desk.run(MANAGER, "plans", "resume", plan, "--revision", "1")).code == 5
    with_steps(file, "[500, 5000]")
    edited = await desk.run(MANAGER, "plans", "apply", str(file))
    assert (edited.code, "some-approver had approved it" in edited.err) == (0, True)
    assert "waves[0].steps  5 %, 25 %  5 %, 50 %" in edited.out
    assert (await desk.json(MANAGER, "plans", "show", plan))["state"] == "draft"
    await desk.json(MANAGER, "plans", "cancel", plan, "--reason", "not this year")
    assert plan in [
        each["id"] for each in (await desk.json("viewer", "plans", "list", "--state", "cancelled"))["plans"]
    ]
    assert (await desk.json(MANAGER, "plans", "apply", str(file)))["done"] == "unchanged"
    assert (await desk.json(MANAGER, "plans", "apply", str(file), "--renew"))["plan"]["id"] != plan


async def test_rollout_refuses_what_no_plan_can_be(desk: Desk, file: Path) -> None:
    with_steps(file, "[2500, 500]")
    refused = await desk.run(MANAGER, "plans", "apply", str(file))
    assert (refused.code, "steps_do_not_rise" in refused.err) == (3, True)


async def test_a_pause_stops_what_raises_until_somebody_resumes(desk: Desk, rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    paused = await desk.json(APPROVER, "regions", "pause", name, "--reason", "mails come late")
    assert await desk.json(MANAGER, "regions", "pause", name, "--reason", "again") == paused
    assert (await desk.json("viewer", "regions", "guard", name))["pause"]["id"] == paused["id"]

    raising = ("changes", "draft", name, "enforced", "--reason", "all of it")
    change = (await desk.json(MANAGER, *raising))["id"]
    await desk.json(MANAGER, "changes", "submit", change)
    await desk.json(APPROVER, "changes", "approve", change)
    refused = await desk.run(MANAGER, "changes", "apply", change)
    assert (refused.code, "region-paused" in refused.err) == (3, True)
    await desk.json(MANAGER, "regions", "resume", name, "--reason", "they come again")
    assert (await desk.json(MANAGER, "changes", "apply", change))["state"] == "applied"
