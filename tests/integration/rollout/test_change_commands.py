"""`gatepost regions …` and `gatepost changes …` on a real rollout: what is shown, done, refused, with which code."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.ports import free_port
from shared.cloudevents import body_of, headers_of
from shared.events import AppliedVersion, PolicyApplied
from tests.integration.rollout.commands import Desk
from tests.integration.rollout.instance import OFF, RAMP, Rollout

MANAGER, APPROVER = "release_manager", "approver"
WISH = ("ramp", "--percent", "25", "--reason", "wave 2, first step")


@pytest.fixture
def desk(rollout: Rollout) -> Desk:
    return Desk(rollout.process.url)


@pytest.fixture
async def region(rollout: Rollout, name: str) -> str:
    """That is off, at version 1."""
    assert (await rollout.create(name, OFF)).status == 201
    return name


async def test_a_change_goes_from_its_draft_into_force(desk: Desk, region: str) -> None:
    drafted = await desk.json(MANAGER, "changes", "draft", region, *WISH)
    assert (drafted["state"], drafted["direction"], drafted["revision"]) == ("draft", "raises", 1)
    assert {"field": "percent", "before": 0, "after": 2_500} in drafted["differences"]

    change = drafted["id"]
    assert (await desk.json(MANAGER, "changes", "submit", change))["state"] == "in-review"
    assert (await desk.json(APPROVER, "changes", "approve", change))["approved_by"] == "some-approver"
    assert (await desk.json(MANAGER, "changes", "apply", change))["state"] == "applied"

    stands = await desk.json("viewer", "regions", "show", region)
    assert (stands["mode"], stands["percent"], stands["version"]) == ("ramp", 2_500, 2)
    assert stands in (await desk.json("viewer", "regions", "list"))["regions"]
    listed = await desk.json("viewer", "changes", "list", "--region", region, "--state", "applied")
    assert change in [each["id"] for each in listed["changes"]]


async def test_people_read_shares_in_percent_and_scripts_no_colours(desk: Desk, region: str) -> None:
    drafted = await desk.run(MANAGER, "changes", "draft", region, *WISH)
    assert drafted.code == 0
    assert "ramp 25 %" in drafted.out
    assert "\x1b" not in drafted.out
    assert "wave 2, first step" in (await desk.run("viewer", "changes", "list")).out  # not cut to a window of 80


async def test_a_draft_that_is_repeated_is_the_same_until_it_is_over(desk: Desk, region: str) -> None:
    first = await desk.json(MANAGER, "changes", "draft", region, *WISH)
    assert await desk.json(MANAGER, "changes", "draft", region, *WISH) == first

    await desk.json(MANAGER, "changes", "cancel", first["id"], "--reason", "not this week")
    again = await desk.json(MANAGER, "changes", "draft", region, *WISH)
    assert (again["id"] != first["id"], again["state"]) == (True, "draft")

    await desk.json(MANAGER, "changes", "edit", again["id"], "--percent", "30")
    third = await desk.json(MANAGER, "changes", "draft", region, *WISH)
    assert third["id"] not in (first["id"], again["id"])


async def test_an_edit_keeps_what_is_not_said(desk: Desk, region: str) -> None:
    dates = ("--announce-at", "2027-01-04T09:00:00+01:00", "--apply-at", "2027-02-01T09:00Z")
    drafted = await desk.json(MANAGER, "changes", "draft", region, *WISH, *dates)
    edited = await desk.json(MANAGER, "changes", "edit", drafted["id"], "--percent", "12.5")
    assert edited["policy"] == drafted["policy"] | {"percent": 1_250}
    assert edited["policy"]["announce_at"] == "2027-01-04T08:00:00Z"
    assert (edited["reason"], edited["apply_at"]) == (drafted["reason"], "2027-02-01T09:00:00Z")

    cleared = await desk.json(MANAGER, "changes", "edit", drafted["id"], "--announce-at", "none", "--apply-at", "none")
    assert (cleared["policy"]["announce_at"], cleared["apply_at"]) == (None, None)
    assert cleared["policy"]["percent"] == 1_250


async def test_a_verb_that_is_repeated_says_that_it_is_so_already(desk: Desk, region: str) -> None:
    change = (await desk.json(MANAGER, "changes", "draft", region, *WISH))["id"]
    submitted = await desk.json(MANAGER, "changes", "submit", change)
    again = await desk.run(MANAGER, "changes", "submit", change[:8], "--json")
    assert (again.code, again.err) == (0, "it was in-review already\n")
    assert json.loads(again.out)["revision"] == submitted["revision"]


async def test_who_was_there_meanwhile_is_named(desk: Desk, region: str) -> None:
    change = (await desk.json(MANAGER, "changes", "draft", region, *WISH))["id"]
    await desk.json(MANAGER, "changes", "submit", change)
    moved = await desk.run(APPROVER, "changes", "approve", change, "--revision", "1")
    assert (moved.code, moved.out) == (5, "")
    assert "revision 2: change-submitted by some-release_manager" in moved.err

    await desk.json(APPROVER, "changes", "approve", change, "--revision", "2")
    await desk.json(MANAGER, "regions", "set", region, "off", "--reason", "where it stays")
    stale = await desk.run(MANAGER, "changes", "apply", change)
    assert stale.code == 5
    assert f"{region} stands at version 2, changed by some-release_manager" in stale.err
    assert "where it stays" in stale.err


async def test_setting_a_region_lowers_at_once_and_raises_by_review(desk: Desk, rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    raising = await desk.json(MANAGER, "regions", "set", name, "enforced", "--reason", "all of it")
    assert (raising["region"], raising["change"]["state"]) == (None, "in-review")
    again = await desk.json(MANAGER, "regions", "set", name, "enforced", "--reason", "all of it")
    assert again["change"]["id"] == raising["change"]["id"]  # not twice in review
    waiting = await desk.run(MANAGER, "regions", "set", name, "enforced", "--reason", "all of it", "--wait")
    assert waiting.code == 7
    assert f"gatepost changes approve {raising['change']['id']}" in waiting.err

    lowered = await desk.json(MANAGER, "regions", "set", name, "ramp", "--percent", "10", "--reason", "too many calls")
    assert (lowered["region"]["percent"], lowered["region"]["version"], lowered["change"]) == (1_000, 2, None)
    moved = await desk.run(MANAGER, "regions", "set", name, "off", "--reason", "stop", "--version", "1")
    assert moved.code == 5
    assert f"{name} stands at version 2" in moved.err


async def test_a_region_is_made_only_when_that_is_said(desk: Desk, name: str) -> None:
    made = ("regions", "set", name, "off", "--reason", "where it starts")
    assert (await desk.run(MANAGER, *made)).code == 4
    assert (await desk.json(MANAGER, *made, "--create"))["region"]["version"] == 1
    assert (await desk.run(MANAGER, *made, "--create")).code == 3


async def test_a_bypass_takes_another_person_and_an_end(desk: Desk, rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    asked = ("regions", "bypass", name, "--reason", "mail is down")
    bypassed = await desk.json(MANAGER, *asked, "--for", "1h30m")
    assert (bypassed["change"]["state"], bypassed["change"]["policy"]["mode"]) == ("in-review", "bypassed")
    assert (await desk.json(MANAGER, *asked, "--for", "1h30m"))["change"]["id"] == bypassed["change"]["id"]
    assert (await desk.run(MANAGER, *asked, "--for", "5h")).code == 0  # still the one that is asked for
    assert (await desk.run(MANAGER, *asked)).code == 2
    assert (await desk.run(MANAGER, "regions", "bypass", name, "--reason", "longer", "--for", "5h")).code == 3


@pytest.mark.parametrize(
    ("role", "words", "code"),
    [
        ("viewer", ("changes", "draft", "{region}", *WISH), 3),
        ("viewer", ("regions", "show", "no-such-region"), 4),
        ("viewer", ("changes", "show", str(uuid4())), 4),
        ("viewer", ("changes", "show", "0bad0bad"), 4),
        ("viewer", ("changes", "show", "not-an-id"), 2),
        ("viewer", ("changes", "list", "--state", "nowhere"), 3),
        (MANAGER, ("changes", "draft", "{region}", "off", "--percent", "3", "--reason", "both"), 2),
        (MANAGER, ("changes", "draft", "{region}", "ramp", "--reason", "no share"), 2),
        (MANAGER, ("changes", "draft", "{region}", "ramp", "--percent", "101", "--reason", "too much"), 2),
        (MANAGER, ("changes", "draft", "{region}", "shadow", "--apply-at", "2027-01-01", "--reason", "no time"), 2),
        (MANAGER, ("changes", "draft", "{region}", "shadow", "--reason", "x"), 3),
        (MANAGER, ("changes", "draft", "{region}", "dark", "--reason", "no mode"), 2),
    ],
)
async def test_the_code_says_what_was_wrong(
    desk: Desk, region: str, role: str, words: tuple[str, ...], code: int
) -> None:
    answer = await desk.run(role, *(word.format(region=region) for word in words), "--json")
    assert (answer.code, answer.out) == (code, "")
    assert answer.err


async def test_a_problem_is_json_for_scripts_and_a_sentence_for_people(desk: Desk, region: str) -> None:
    change = (await desk.json("admin", "changes", "draft", region, *WISH))["id"]
    await desk.json("admin", "changes", "submit", change)
    own = await desk.run("admin", "changes", "approve", change, "--json")
    assert (own.code, json.loads(own.err)["type"]) == (3, "urn:gatepost:problem:own-change")
    told = await desk.run("admin", "changes", "approve", change)
    assert told.err == "Stopped: Whoever wrote any of a change does not approve it (own-change)\n"


async def test_who_is_not_known_or_finds_nobody_is_told_so(desk: Desk) -> None:
    assert (await desk.run("viewer", "regions", "list", GATEPOST_TOKEN="a-stranger")).code == 9
    assert (await desk.run("viewer", "regions", "list", GATEPOST_TOKEN="two words")).code == 2
    assert (await desk.run("viewer", "regions", "list", GATEPOST_TOKEN="")).code == 2
    assert (await Desk(f"http://127.0.0.1:{free_port()}").run("viewer", "regions", "list")).code == 6
    assert (await Desk("rollout.internal").run("viewer", "regions", "list")).code == 2
    assert (await Desk(f"{desk.url}/elsewhere").run("viewer", "regions", "list")).code == 1


@pytest.fixture
async def producer(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all")
    await producer.start()
    yield producer
    await producer.stop()


async def test_waiting_ends_once_every_instance_has_it_or_with_7(
    desk: Desk, rollout: Rollout, region: str, producer: AIOKafkaProducer
) -> None:
    alone = await desk.run("viewer", "regions", "watch", region, "--timeout", "1")
    assert alone.code == 7
    assert f"{region}: 0 of 0 instances" in alone.out

    applied = {region: AppliedVersion(version=1, latency_ms=41)}
    event = PolicyApplied(
        instance=uuid4(), name="auth:8000", regions=applied, every_s=60, going=False, at=datetime.now(UTC)
    )
    headers = [(name, value.encode()) for name, value in headers_of(event, event.at).items()]
    await producer.send_and_wait(event.topic, body_of(event), key=event.key.encode(), headers=headers)
    watched = await desk.json("viewer", "regions", "watch", region)
    assert (watched["everywhere"], watched["slowest_ms"]) == (True, 41)
    shown = await desk.run("viewer", "regions", "watch", region)
    assert f"{region}: 1 of 1 instances have version 1, the slowest after 41 ms" in shown.out

    again = ("regions", "set", region, "off", "--reason", "again", "--wait", "--timeout", "1")
    late = await desk.json(MANAGER, *again, code=7)
    assert (late["region"]["version"], late["propagation"]["everywhere"]) == (2, False)
