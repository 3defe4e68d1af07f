"""`/v1/plans` over HTTP: written, approved by another, followed, paused, given up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.rollout.instance import Answer, Rollout, bearer
from tests.wait_until import wait_until

STRICT = {
    "minimum_sample": 20,
    "least_accepted": 0.9,
    "least_delivered": 0.9,
    "least_verified": 0.5,
    "most_bounced": 0.05,
    "most_locked": 0.05,
    "most_p95_accepted_s": 30,
    "most_below_baseline": 0.2,
}


def shown(after: timedelta) -> str:
    """What a clock in UTC shows then."""
    return (datetime.now(UTC) + after).replace(tzinfo=None).isoformat()


def wave(region: str, **changes: Any) -> dict[str, Any]:
    """It begins in a year, without mail or shadow."""
    return {
        "name": "wave 1",
        "regions": [{"region": region, "time_zone": "Europe/Berlin"}],
        "begin_at": shown(timedelta(days=365)),
        "steps": [500, 2_500],
        "step_every": "P1D",
        **changes,
    }


def plan(*waves: dict[str, Any]) -> dict[str, Any]:
    return {"name": "by spring", "reason": "as agreed", "waves": list(waves)}


async def verb(rollout: Rollout, path: str, name: str, role: str = "release_manager", body: object = None) -> Answer:
    seen = (await rollout.call("GET", path)).headers["ETag"]
    return await rollout.call("POST", f"{path}/{name}", body, if_match=seen, **bearer(role))


async def running(rollout: Rollout, *waves: dict[str, Any]) -> str:
    """The path of a plan that another person approved."""
    path = (await rollout.call("POST", "/v1/plans", plan(*waves))).headers["Location"]
    for name, role in (("submit", "release_manager"), ("approve", "approver"), ("start", "release_manager")):
        assert (await verb(rollout, path, name, role)).status == 200
    return str(path)


async def test_a_plan_from_its_draft_to_its_end(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    made = await rollout.call("POST", "/v1/plans", plan(wave(name, thresholds=STRICT)))
    assert (made.status, made.json["state"], made.headers["ETag"]) == (201, "draft", '"1"')
    assert made.json["waves"][0]["regions"] == [{"region": name, "time_zone": "Europe/Berlin", "base_version": 1}]
    assert made.json["waves"][0]["thresholds"] == STRICT
    assert made.json["waves"][0]["step_every"] == "P1D"
    path = made.headers["Location"]
    assert (await verb(rollout, path, "start")).problem == "plan-not-in-this-state"
    assert (await verb(rollout, path, "submit")).json["state"] == "in-review"
    assert (await verb(rollout, path, "approve", "approver")).json["approved_by"] == "some-approver"
    assert (await verb(rollout, path, "start")).json["state"] == "running"

    async def dates_are_public() -> bool:
        return (await rollout.call("GET", f"/v1/regions/{name}")).json["enforce_at"] is not None

    await wait_until(dates_are_public)
    full = (await rollout.call("GET", path)).json
    assert [(each["rung"], each["waits_for"], each["percent"]) for each in full["course"]] == [("step", "date", 500)]
    paused = await verb(rollout, path, "pause", "approver", {"reason": "support is ill"})
    assert (paused.json["state"], paused.json["because"]) == ("paused", "support is ill")
    assert (await verb(rollout, path, "resume")).json["state"] == "running"
    assert (await verb(rollout, path, "cancel", body={"reason": "no longer needed"})).json["state"] == "cancelled"
    told = (await rollout.call("GET", "/v1/audit?limit=500")).json["entries"]
    said = [entry["action"] for entry in told if entry["subject"] == f"plan:{full['id']}"]
    assert said == [
        "plan-drafted", "plan-submitted", "plan-approved", "plan-started", "plan-paused", "plan-resumed",
        "plan-cancelled",
    ]  # fmt: skip


async def test_a_plan_that_is_followed_to_its_end(rollout: Rollout, name: str) -> None:
    """Nobody is asked in between, so no gate holds it: shadow, and then everybody."""
    await rollout.create(name)
    soon = {"begin_at": shown(timedelta(seconds=3)), "shadow_at": shown(timedelta(seconds=1)), "steps": []}
    here = {"regions": [{"region": name, "time_zone": "UTC"}], "step_every": "PT1S"}
    path = await running(rollout, wave(name, **soon, **here))

    async def is_complete() -> bool:
        return str((await rollout.call("GET", path)).json["state"]) == "completed"

    await wait_until(is_complete, within_s=20)
    region = (await rollout.call("GET", f"/v1/regions/{name}")).json
    assert (region["mode"], region["version"], region["changed_by"]) == ("enforced", 4, "some-release_manager")
    made = (await rollout.call("GET", f"/v1/changes?region={name}")).json["changes"]
    assert [(each["state"], each["approved_by"]) for each in made[:-1]] == [("applied", "some-approver")] * 3


async def test_somebody_elses_hand_halts_it(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    path = await running(rollout, wave(name))

    async def is_begun() -> bool:
        return bool((await rollout.call("GET", f"/v1/regions/{name}")).json["version"] == 2)

    await wait_until(is_begun)
    await rollout.put(name, {"mode": "off", "reason": "stop"}, if_match='"2"')

    async def is_halted() -> bool:
        return str((await rollout.call("GET", path)).json["state"]) == "halted"

    await wait_until(is_halted)
    assert (await rollout.call("GET", path)).json["because"] == f"{name} stands at version 3, not at 2"


async def test_a_plan_is_begun_once_for_a_key(rollout: Rollout, name: str) -> None:
    body = plan(wave(name))
    first = await rollout.call("POST", "/v1/plans", body, idempotency_key=name)
    again = await rollout.call("POST", "/v1/plans", body, idempotency_key=name)
    other = await rollout.call("POST", "/v1/plans", plan(wave(name, steps=[1])), idempotency_key=name)
    assert (first.status, again.status, again.json["id"]) == (201, 200, first.json["id"])
    assert (other.status, other.problem) == (409, "idempotency-key-used")


async def test_an_edit_names_the_revision_that_was_seen(rollout: Rollout, name: str) -> None:
    path = (await rollout.call("POST", "/v1/plans", plan(wave(name)))).headers["Location"]
    assert (await rollout.call("PUT", path, plan(wave(name)))).problem == "precondition-required"
    edited = await rollout.call("PUT", path, plan(wave(name, steps=[9_999])), if_match='"1"')
    assert (edited.status, edited.json["revision"], edited.json["waves"][0]["steps"]) == (200, 2, [9_999])
    stale = await rollout.call("PUT", path, plan(wave(name)), if_match='"1"')
    assert (stale.status, stale.problem, stale.json["current_revision"]) == (412, "revision-conflict", 2)


async def test_plans_are_listed_the_newest_first_page_by_page(rollout: Rollout, name: str) -> None:
    made = [(await rollout.call("POST", "/v1/plans", plan(wave(name)))).json["id"] for _ in range(3)]
    page = (await rollout.call("GET", "/v1/plans?limit=2&state=draft")).json
    rest = (await rollout.call("GET", f"/v1/plans?limit=1&state=draft&cursor={page['next']}")).json
    assert [each["id"] for each in page["plans"] + rest["plans"]] == made[::-1]
    assert (await rollout.call("GET", "/v1/plans?limit=1&state=completed")).json["plans"] != page["plans"][:1]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"steps": [2_500, 500]}, "unacceptable-plan"),
        ({"shadow_at": shown(timedelta(days=365))}, "unacceptable-plan"),
        ({"thresholds": STRICT | {"most_bounced": 0}}, "invalid-request"),
        (
            {"thresholds": {name: value for name, value in STRICT.items() if name != "least_verified"}},
            "invalid-request",
        ),
        ({"begin_at": "2027-02-01T09:00:00Z"}, "invalid-request"),
        ({"begin_at": "9999-02-01T09:00"}, "invalid-request"),
        ({"step_every": 60}, "invalid-request"),
        ({"step_every": "P1M"}, "invalid-request"),
        ({"step_every": f"P{'9' * 40}D"}, "invalid-request"),
        ({"regions": [{"region": "emea", "time_zone": "Mars/Olympus"}]}, "invalid-request"),
        ({"regions": []}, "invalid-request"),
        ({"steps": [True]}, "invalid-request"),
        ({"name": "\x00"}, "invalid-request"),
        ({"surprise": 1}, "invalid-request"),
    ],
)
async def test_a_plan_that_cannot_be_followed(
    rollout: Rollout, name: str, change: dict[str, Any], problem: str
) -> None:
    answer = await rollout.call("POST", "/v1/plans", plan(wave(name, **change)))
    assert (answer.status, answer.problem) == (422, problem)
