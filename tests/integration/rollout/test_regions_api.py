"""`/v1/regions` over HTTP, on real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.rollout.instance import OFF, RAMP, Rollout, bearer


async def test_a_created_region_is_answered_in_full_with_its_etag(rollout: Rollout, name: str) -> None:
    dated = RAMP | {"announce_at": "2027-01-04T09:00:00Z", "enforce_at": "2027-02-01T10:00:00+01:00"}
    answer = await rollout.create(name, dated)
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    changed_at = answer.json["changed_at"]
    assert answer.json == {
        "region": name,
        "version": 1,
        "mode": "ramp",
        "percent": 2_500,
        "announce_at": "2027-01-04T09:00:00Z",
        "enforce_at": "2027-02-01T09:00:00Z",
        "bypass_until": None,
        "reason": "first step",
        "changed_by": "some-release_manager",
        "changed_at": changed_at,
        "change_id": answer.json["change_id"],
    }
    assert (await rollout.call("GET", f"/v1/regions/{name}")).json == answer.json


@pytest.mark.parametrize("if_match", ['"1"', "1", 'W/"1"'])
async def test_a_change_names_the_version_it_was_made_on(rollout: Rollout, name: str, if_match: str) -> None:
    await rollout.create(name, RAMP)
    answer = await rollout.put(name, OFF, if_match=if_match)
    assert (answer.status, answer.headers["ETag"], answer.json["version"]) == (200, '"2"', 2)


async def test_the_same_content_again_is_a_new_version(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    assert (await rollout.change(name, 1, OFF)).json["version"] == 2


async def test_of_rivals_on_one_version_one_wins_and_the_others_are_told_what_stands(
    rollout: Rollout, name: str
) -> None:
    await rollout.create(name)
    answers = await asyncio.gather(*(rollout.change(name, 1) for _ in range(20)))
    lost = [answer for answer in answers if answer.status != 200]
    assert len(lost) == 19
    assert {(answer.status, answer.problem) for answer in lost} == {(412, "version-conflict")}
    assert {(answer.json["current_version"], answer.headers["ETag"]) for answer in lost} == {(2, '"2"')}


async def test_creating_what_exists_conflicts(rollout: Rollout, name: str) -> None:
    answers = await asyncio.gather(*(rollout.create(name) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.problem for answer in answers if answer.status == 409} == {"region-exists"}


async def test_changing_what_does_not_exist_is_not_found(rollout: Rollout, name: str) -> None:
    answer = await rollout.change(name, 1)
    assert (answer.status, answer.problem) == (404, "unknown-region")
    assert (await rollout.call("GET", f"/v1/regions/{name}")).problem == "unknown-region"


@pytest.mark.parametrize(
    ("headers", "status", "problem"),
    [
        ({}, 428, "precondition-required"),
        ({"if_match": "*"}, 400, "malformed-precondition"),
        ({"if_match": '"one"'}, 400, "malformed-precondition"),
        ({"if_match": '"1", "2"'}, 400, "malformed-precondition"),
        ({"if_match": "9" * 400}, 400, "malformed-precondition"),
        ({"if_none_match": '"1"'}, 400, "malformed-precondition"),
        ({"if_match": '"1"', "if_none_match": "*"}, 400, "malformed-precondition"),
        ({"if_match": '"0"'}, 412, "version-conflict"),
        ({"if_match": '"999999999"'}, 412, "version-conflict"),
    ],
)
async def test_a_change_without_a_usable_precondition_is_refused(
    rollout: Rollout, name: str, headers: dict[str, str], status: int, problem: str
) -> None:
    await rollout.create(name)
    answer = await rollout.call("PUT", f"/v1/regions/{name}", RAMP, **headers)
    assert (answer.status, answer.problem) == (status, problem)
    assert (await rollout.call("GET", f"/v1/regions/{name}")).json["version"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 422),
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[1e999]", 422),
        (b'"off"', 422),
        (b"[" * 60_000, 400),
        (b" " * 1_000_000, 413),
        (OFF | {"reason": "x" * 10_000}, 422),
        (OFF | {"reason": "wave\0 1"}, 422),
        (OFF | {"reason": "wave \ud800 1"}, 422),
        (OFF | {"region": "other"}, 422),
        (OFF | {"\ud800": 1}, 422),
        (OFF | {"mode": "OFF"}, 422),
        (OFF | {"enforce_at": "9999-12-31T23:59:59-05:00"}, 422),
        (RAMP | {"percent": "2500"}, 422),
        (RAMP | {"percent": 10_001}, 422),
        (OFF | {"mode": "bypassed"}, 422),
        (OFF | {"bypass_until": "2027-01-04T09:00:00Z"}, 422),
        (RAMP | {"percent": 10**30}, 422),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(rollout: Rollout, name: str, body: Any, status: int) -> None:
    answer = await rollout.create(name, body)
    assert answer.status == status
    assert answer.problem
    assert (await rollout.call("GET", f"/v1/regions/{name}")).status == 404


@pytest.mark.parametrize("bad", ["EMEA", "1emea", "em_ea", "em%00ea", "em%0Aea", "emea%0A", "%ED%A0%80", "e" * 33, "-"])
async def test_what_is_no_name_of_a_region_is_refused(rollout: Rollout, bad: str) -> None:
    for answer in (await rollout.create(bad), await rollout.call("GET", f"/v1/regions/{bad}")):
        assert (answer.status, answer.problem) == (422, "invalid-request")


async def test_one_person_cannot_bypass_a_region(rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await rollout.put(
        name, {"mode": "bypassed", "reason": "mail is down", "bypass_until": until}, if_match='"1"'
    )
    assert (answer.status, answer.json["state"]) == (202, "in-review")
    assert (await rollout.call("GET", f"/v1/regions/{name}")).json["mode"] == "ramp"


@pytest.mark.parametrize("role", ["viewer", "approver"])
async def test_other_operators_may_look_but_not_change(rollout: Rollout, name: str, role: str) -> None:
    await rollout.create(name)
    assert (await rollout.call("GET", "/v1/regions", **bearer(role))).status == 200
    assert (await rollout.call("GET", f"/v1/regions/{name}", **bearer(role))).status == 200
    answer = await rollout.call("PUT", f"/v1/regions/{name}", RAMP, if_match='"1"', **bearer(role))
    assert (answer.status, answer.problem) == (403, "wrong-role")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic dTpw", "Bearer \u00ff"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/regions"), ("GET", "/v1/regions/x"), ("PUT", "/v1/regions/x")]
)
async def test_strangers_are_asked_for_a_token(rollout: Rollout, method: str, path: str, authorization: str) -> None:
    answer = await rollout.call(method, path, OFF if method == "PUT" else None, Authorization=authorization)
    assert (answer.status, answer.problem) == (401, "unknown-caller")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_all_regions_are_listed_by_name(rollout: Rollout, name: str) -> None:
    for suffix in ("b", "a"):
        await rollout.create(name + suffix)
    listed = (await rollout.call("GET", "/v1/regions")).json["regions"]
    assert [region["region"] for region in listed] == sorted(region["region"] for region in listed)
    assert {name + "a", name + "b"} <= {region["region"] for region in listed}


async def test_a_reader_who_has_the_version_gets_304(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    same = await rollout.call("GET", f"/v1/regions/{name}", if_none_match='"1"')
    assert (same.status, same.text, same.headers["ETag"]) == (304, "", '"1"')
    await rollout.change(name, 1)
    assert (await rollout.call("GET", f"/v1/regions/{name}", if_none_match='"1"')).status == 200


async def test_the_description_declares_every_answer(rollout: Rollout) -> None:
    paths = (await rollout.call("GET", "/openapi.json")).json["paths"]
    put = paths["/v1/regions/{region}"]["put"]["responses"]
    assert set(put) == {"200", "201", "202", "400", "401", "403", "404", "409", "412", "413", "422", "428", "503"}
    for path in ("/v1/regions", "/v1/regions/{region}", "/v1/schedule"):
        for operation in paths[path].values():
            errors = [told for status, told in operation["responses"].items() if status >= "4"]
            assert all(list(told["content"]) == ["application/problem+json"] for told in errors)
