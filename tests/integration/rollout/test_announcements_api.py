"""`/v1/regions/{region}/announcements`, from the call to the topic."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.otp.settings import OtpSettings
from shared.events import AnnouncementDue, NoticeKind
from shared.kafka import EventBus
from tests.integration.otp.settings import otp_settings
from tests.integration.rollout.instance import Answer, Rollout, bearer
from tests.wait_until import wait_until

NOW = datetime.now(UTC).replace(microsecond=0)
WEEK = (NOW + timedelta(days=7)).isoformat().replace("+00:00", "Z")
NOTICE: dict[str, Any] = {"kind": "advance-notice", "at": WEEK, "time_zone": "Europe/Berlin"}


@pytest.fixture(scope="module")
async def landed(kafka_bootstrap: str) -> AsyncIterator[list[AnnouncementDue]]:
    """All that ever came to the topic."""
    found: list[AnnouncementDue] = []

    async def keep(event: AnnouncementDue) -> None:
        found.append(event)

    settings: OtpSettings = otp_settings(kafka_bootstrap, "redis://127.0.0.1:1/0")
    bus = EventBus(f"reader-{uuid4()}", settings)
    bus.consume(AnnouncementDue, keep)
    bus.start()
    await wait_until(bus.healthy, 20)
    yield found
    await bus.stop()


async def post(rollout: Rollout, name: str, body: object = NOTICE, key: str = "wave-2", **headers: str) -> Answer:
    return await rollout.call(
        "POST", f"/v1/regions/{name}/announcements", body, **({"Idempotency-Key": key} if key else {}), **headers
    )


async def listed(rollout: Rollout, name: str) -> list[Any]:
    return list((await rollout.call("GET", f"/v1/regions/{name}/announcements")).json["announcements"])


async def test_an_announcement_is_answered_listed_and_on_the_topic(
    rollout: Rollout, landed: list[AnnouncementDue], name: str
) -> None:
    await rollout.create(name)
    answer = await post(rollout, name)

    assert answer.status == 201
    shown = answer.json
    assert shown | {"announcement_id": "", "announced_at": ""} == {
        "announcement_id": "",
        "region": name,
        "kind": "advance-notice",
        "at": WEEK,
        "until": None,
        "time_zone": "Europe/Berlin",
        "expires_at": WEEK,
        "announced_by": "some-release_manager",
        "announced_at": "",
    }
    assert await listed(rollout, name) == [shown]
    await wait_until(lambda: any(event.region == name for event in landed))
    (event,) = [event for event in landed if event.region == name]
    assert event.announcement_id == UUID(shown["announcement_id"])
    assert (event.kind, event.at.isoformat(), event.time_zone) == (
        NoticeKind.ADVANCE_NOTICE, WEEK.replace("Z", "+00:00"), "Europe/Berlin",
    )  # fmt: skip


async def test_a_repeated_call_announces_once_and_another_key_again(
    rollout: Rollout, landed: list[AnnouncementDue], name: str
) -> None:
    await rollout.create(name)
    answers = await asyncio.gather(*(post(rollout, name) for _ in range(10)))
    last = await post(rollout, name, key="wave-3")

    assert sorted(answer.status for answer in answers) == 9 * [200] + [201]
    assert len({answer.text for answer in answers}) == 1
    assert last.status == 201
    await wait_until(lambda: any(str(event.announcement_id) == last.json["announcement_id"] for event in landed))
    assert len([event for event in landed if event.region == name]) == 2


async def test_a_key_stands_for_one_body_of_one_region(rollout: Rollout, name: str) -> None:
    for each in (name, name + "b"):
        await rollout.create(each)
    await post(rollout, name)
    other = await post(rollout, name, NOTICE | {"time_zone": "UTC"})
    elsewhere = await post(rollout, name + "b")

    assert (other.status, other.problem) == (409, "idempotency-key-used")
    assert elsewhere.status == 201
    assert len(await listed(rollout, name)) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (NOTICE | {"at": "2020-01-01T00:00:00Z"}, "unannounceable"),
        (NOTICE | {"until": WEEK}, "unannounceable"),
        ({"kind": "bypass-active", "at": WEEK, "time_zone": "UTC"}, "unannounceable"),
        (NOTICE | {"expires_at": "9999-01-01T00:00:00Z"}, "unannounceable"),
        (NOTICE | {"at": "tomorrow"}, "invalid-request"),
        (NOTICE | {"kind": "new-device"}, "invalid-request"),
        (NOTICE | {"time_zone": "Mars/Olympus"}, "invalid-request"),
        (NOTICE | {"time_zone": "localtime"}, "invalid-request"),
        (NOTICE | {"time_zone": "../../etc/passwd"}, "invalid-request"),
        (NOTICE | {"more": 1}, "invalid-request"),
        ({}, "invalid-request"),
    ],
)
async def test_what_cannot_be_announced_is_refused(rollout: Rollout, name: str, body: Any, problem: str) -> None:
    await rollout.create(name)
    answer = await post(rollout, name, body)

    assert (answer.status, answer.problem) == (422, problem)
    assert await listed(rollout, name) == []


@pytest.mark.parametrize("key", ["", "a b", "x" * 129])
async def test_a_call_without_a_usable_key_is_refused(rollout: Rollout, name: str, key: str) -> None:
    await rollout.create(name)
    assert (await post(rollout, name, key=key)).status == 422


async def test_an_unknown_region_is_not_found(rollout: Rollout, name: str) -> None:
    for answer in (await post(rollout, name), await rollout.call("GET", f"/v1/regions/{name}/announcements")):
        assert (answer.status, answer.problem) == (404, "unknown-region")


@pytest.mark.parametrize("role", ["viewer", "approver", "admin"])
async def test_other_operators_may_look_but_not_announce(rollout: Rollout, name: str, role: str) -> None:
    await rollout.create(name)
    refused = await post(rollout, name, **bearer(role))

    assert (refused.status, refused.problem) == (403, "wrong-role")
    looked = await rollout.call("GET", f"/v1/regions/{name}/announcements", **bearer(role))
    assert (looked.status, looked.json) == (200, {"announcements": []})


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_strangers_are_asked_for_a_token(rollout: Rollout, method: str) -> None:
    path = "/v1/regions/x/announcements"
    answer = await rollout.call(method, path, NOTICE if method == "POST" else None, Authorization="Bearer wrong")
    assert (answer.status, answer.problem) == (401, "unknown-caller")
