"""`/v1/changes` and `/v1/audit` over HTTP, on real PostgreSQL, by people in different roles."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rollout.domain.audit import AuditEntry, Head, first_broken
from tests.integration.rollout.instance import OFF, RAMP, Answer, Rollout, Topic, bearer
from tests.wait_until import wait_until

APPROVER, RELEASE_MANAGER, ADMIN = "approver", "release_manager", "admin"


def hence(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def begin(rollout: Rollout, name: str, policy: dict[str, Any] = RAMP, **headers: str) -> Answer:
    return await rollout.call("POST", "/v1/changes", {"region": name, **policy}, **headers)


async def do(rollout: Rollout, change: Answer, verb: str, role: str, body: object = None) -> Answer:
    path = f"/v1/changes/{change.json['id']}/{verb}"
    return await rollout.call("POST", path, body, if_match=f'"{change.json["revision"]}"', **bearer(role))


async def approved(rollout: Rollout, name: str, policy: dict[str, Any] = RAMP) -> Answer:
    submitted = await do(rollout, await begin(rollout, name, policy), "submit", RELEASE_MANAGER)
    return await do(rollout, submitted, "approve", APPROVER)


async def test_a_change_goes_from_its_draft_to_the_region_and_onto_the_topic(
    rollout: Rollout, topic: Topic, name: str
) -> None:
    await rollout.create(name)
    drafted = await begin(rollout, name)
    assert (drafted.status, drafted.headers["ETag"]) == (201, '"1"')
    assert drafted.headers["Location"] == f"/v1/changes/{drafted.json['id']}"
    found = await rollout.call("GET", drafted.headers["Location"])
    assert found.json["differences"] == [
        {"field": "mode", "before": "off", "after": "ramp"},
        {"field": "percent", "before": 0, "after": 2_500},
    ]
    submitted = await do(rollout, drafted, "submit", RELEASE_MANAGER)
    said_yes = await do(rollout, submitted, "approve", APPROVER)
    applied = await do(rollout, said_yes, "apply", RELEASE_MANAGER)
    states = [answer.json["state"] for answer in (drafted, submitted, said_yes, applied)]
    assert states == ["draft", "in-review", "approved", "applied"]
    region = (await rollout.call("GET", f"/v1/regions/{name}")).json
    assert (region["version"], region["percent"], region["change_id"]) == (2, 2_500, applied.json["id"])
    await wait_until(lambda: topic.versions(name) == [1, 2])


async def test_a_bypass_takes_two_and_is_told_with_its_end(rollout: Rollout, topic: Topic, name: str) -> None:
    await rollout.create(name, RAMP)
    bypass = {"mode": "bypassed", "reason": "mail is down", "bypass_until": hence(3)}
    one = await begin(rollout, name, bypass)
    refused = await do(rollout, one, "apply", RELEASE_MANAGER)
    assert (refused.status, refused.problem) == (403, "two-person-required")
    applied = await do(rollout, await approved(rollout, name, bypass), "apply", RELEASE_MANAGER)
    assert applied.status == 200
    await wait_until(lambda: topic.versions(name) == [1, 2])
    told = topic.events(name)[-1]
    assert (told.mode, told.percent) == ("bypassed", 2_500)
    assert told.bypass_until == datetime.fromisoformat(bypass["bypass_until"])


@pytest.mark.parametrize("hours", [-1, 4.1])
async def test_a_bypass_of_more_than_four_hours_or_none_is_refused(rollout: Rollout, name: str, hours: float) -> None:
    await rollout.create(name, RAMP)
    answer = await begin(rollout, name, {"mode": "bypassed", "reason": "mail is down", "bypass_until": hence(hours)})
    assert (answer.status, answer.problem, answer.json["objection"]) == (
        422, "unacceptable-policy", "bypass_of_0_to_4_hours",
    )  # fmt: skip


async def test_who_wrote_any_of_it_does_not_approve_it_in_whatever_role(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    drafted = await rollout.call("POST", "/v1/changes", {"region": name, **RAMP}, **bearer(ADMIN))
    submitted = await do(rollout, drafted, "submit", RELEASE_MANAGER)
    answer = await do(rollout, submitted, "approve", ADMIN)
    assert (answer.status, answer.problem) == (403, "own-change")
    assert (await do(rollout, submitted, "approve", APPROVER)).status == 200


async def test_an_edit_after_the_approval_needs_another_one(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    before = await approved(rollout, name)
    more = {"region": name, **RAMP, "percent": 10_000}
    edited = await rollout.call("PUT", f"/v1/changes/{before.json['id']}", more, if_match=before.headers["ETag"])
    assert (edited.json["state"], edited.json["approved_by"]) == ("draft", None)
    assert edited.json["digest"] != before.json["digest"]
    refused = await do(rollout, edited, "apply", RELEASE_MANAGER)
    assert (refused.status, refused.problem) == (403, "two-person-required")
    stale = await do(rollout, before, "apply", RELEASE_MANAGER)
    assert (stale.status, stale.problem, stale.json["current_revision"]) == (
        412, "revision-conflict", edited.json["revision"],
    )  # fmt: skip


async def test_of_changes_of_one_version_one_is_applied_and_the_others_can_be_brought_up_to_date(
    rollout: Rollout, name: str
) -> None:
    await rollout.create(name)
    rivals = [await approved(rollout, name) for _ in range(6)]
    answers = await asyncio.gather(*(do(rollout, rival, "apply", RELEASE_MANAGER) for rival in rivals))
    assert sorted(answer.status for answer in answers) == [200, *[412] * 5]
    late = rivals[[answer.status for answer in answers].index(412)]
    more = {"region": name, **RAMP, "percent": 5_000}
    edited = await rollout.call("PUT", f"/v1/changes/{late.json['id']}", more, if_match=late.headers["ETag"])
    assert (edited.status, edited.json["base_version"]) == (200, 2)


async def test_what_lowers_is_applied_by_one_person_from_a_draft(rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    drafted = await begin(rollout, name, OFF)
    assert drafted.json["direction"] == "lowers"
    assert (await do(rollout, drafted, "apply", RELEASE_MANAGER)).json["state"] == "applied"


async def test_a_key_begins_one_change_however_often_it_comes(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    key = f"wave-2-{uuid4()}"
    first, again = [await begin(rollout, name, idempotency_key=key) for _ in range(2)]
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    other = await begin(rollout, name, RAMP | {"percent": 1}, idempotency_key=key)
    assert (other.status, other.problem) == (409, "idempotency-key-used")


async def test_a_date_is_kept_and_a_past_one_refused(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    dated = await approved(rollout, name, RAMP | {"apply_at": hence(1)})
    early = await do(rollout, dated, "apply", RELEASE_MANAGER)
    assert (early.status, early.problem) == (409, "before-its-date")
    assert (await do(rollout, dated, "schedule", RELEASE_MANAGER)).json["state"] == "scheduled"
    undated = await do(rollout, await approved(rollout, name), "schedule", RELEASE_MANAGER)
    assert (undated.status, undated.problem) == (409, "change-without-date")
    past = await begin(rollout, name, RAMP | {"apply_at": hence(-1)})
    assert (past.status, past.json["objection"]) == (422, "apply_at_in_the_past")


async def test_what_is_over_stays_over(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    drafted = await begin(rollout, name)
    cancelled = await do(rollout, drafted, "cancel", RELEASE_MANAGER, {"reason": "not on a Friday"})
    assert (cancelled.json["state"], cancelled.json["ended_because"]) == ("cancelled", "not on a Friday")
    for verb, role in (("submit", RELEASE_MANAGER), ("approve", APPROVER), ("schedule", RELEASE_MANAGER)):
        answer = await do(rollout, cancelled, verb, role)
        assert answer.status in (403, 409), verb
    assert (await rollout.call("GET", f"/v1/regions/{name}")).json["version"] == 1


async def test_changes_are_listed_in_pages_by_region_and_state(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    begun = [(await begin(rollout, name)).json["id"] for _ in range(5)]
    seen: list[str] = []
    path = f"/v1/changes?region={name}&state=draft&limit=2"
    cursor = ""
    while True:
        page = (await rollout.call("GET", path + cursor)).json
        seen += [change["id"] for change in page["changes"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == begun[::-1]
    assert (await rollout.call("GET", f"/v1/changes?region={name}&state=applied&limit=1")).json["next"] is None


@pytest.mark.parametrize("if_match", [None, "*", '"one"'])
async def test_whoever_does_something_names_the_revision_they_saw(
    rollout: Rollout, name: str, if_match: str | None
) -> None:
    await rollout.create(name)
    drafted = await begin(rollout, name)
    headers = {} if if_match is None else {"if_match": if_match}
    answer = await rollout.call("POST", f"/v1/changes/{drafted.json['id']}/submit", **headers)
    assert answer.status == (428 if if_match is None else 400)


async def test_an_unknown_change_is_not_found(rollout: Rollout) -> None:
    for method, path in (("GET", ""), ("POST", "/submit"), ("POST", "/apply")):
        answer = await rollout.call(method, f"/v1/changes/{uuid4()}{path}", if_match='"1"')
        assert (answer.status, answer.problem) == (404, "unknown-change")


async def test_the_audit_tells_it_all_and_its_chain_holds(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    await do(rollout, await approved(rollout, name), "apply", RELEASE_MANAGER)
    told = (await rollout.call("GET", f"/v1/audit?region={name}", **bearer("viewer"))).json["entries"]
    assert [(entry["actor"], entry["action"]) for entry in told] == [
        ("some-release_manager", "change-applied"),
        ("some-release_manager", "change-drafted"),
        ("some-release_manager", "change-submitted"),
        ("some-approver", "change-approved"),
        ("some-release_manager", "change-applied"),
    ]
    head = Head(**(await rollout.call("GET", "/v1/audit/head")).json)
    entries: list[AuditEntry] = []
    while len(entries) < head.number:
        cursor = entries[-1].number if entries else 0
        page = (await rollout.call("GET", f"/v1/audit?limit=500&cursor={cursor}")).json["entries"]
        entries += [AuditEntry(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in page]
    assert first_broken(entries[: head.number], head) is None
