"""A plan of three waves over four regions, followed by itself while people sign in; time is compressed to seconds.

In its second wave mails come back. The guard pauses a region, and with it the plan, until a person resumes it.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from deploy.local.seed_data import SeedAccount
from services.rollout.domain.audit import AuditEntry, Head, first_broken
from tests.journeys.conftest import ReleaseManager
from tests.journeys.person import Gateway
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]
PERSONS = 24  # of a region; of a ramp of 60 % some 14 are asked
STEP = 6_000
THRESHOLDS = {
    "minimum_sample": 6,
    "least_accepted": 0.8,
    "least_delivered": 0.5,
    "least_verified": 0.4,
    "most_bounced": 0.2,
    "most_locked": 0.2,
    "most_p95_accepted_s": 30,
    "most_below_baseline": 0.9,
}


class Crowd:
    """People of the regions who sign in again and again, on new devices, and type the code that they are mailed.

    `asked`: whether each was asked for a code, login by login.
    """

    def __init__(self, gateway: Gateway, people: People, regions: list[str]) -> None:
        self._gateway = gateway
        self._people = people
        self.persons = {region: people(PERSONS, region) for region in regions}
        self.away: set[str] = set()
        self.asked: dict[str, list[bool]] = defaultdict(list)

    def replace(self, region: str) -> None:
        """By others: mail to these came back."""
        self.persons[region] = self._people(PERSONS, region)

    @asynccontextmanager
    async def signing_in(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._sign_in(region, third)) for region in self.persons for third in range(3)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)

    async def _sign_in(self, region: str, third: int) -> None:
        while True:
            for person in self.persons[region][third::3]:
                if region in self.away or person not in self.persons[region]:
                    await asyncio.sleep(0.2)
                    continue
                challenge = await self._gateway.log_in(person)
                self.asked[person.username].append(challenge.status == 202)
                if challenge.status == 202:
                    await self._type_the_code(person, challenge)

    async def _type_the_code(self, person: SeedAccount, challenge: Any) -> None:
        """If it comes: of a mail that came back it does not."""
        for _ in range(10):
            await asyncio.sleep(0.3)
            codes = await self._gateway.codes(person.email, at_least=0)
            if len(codes) >= sum(self.asked[person.username]):
                await self._gateway.verify(challenge, codes[-1])
                return


def shown(after: timedelta) -> str:
    return (datetime.now(UTC) + after).replace(tzinfo=None).isoformat()


def wave(name: str, regions: list[str], begin: float) -> dict[str, Any]:
    """People are told at once; shadow, a step and everybody follow a second and more after each other."""
    return {
        "name": name,
        "regions": [{"region": region, "time_zone": "UTC"} for region in regions],
        "announce_at": shown(timedelta(seconds=0)),
        "shadow_at": shown(timedelta(seconds=begin - 2)),
        "begin_at": shown(timedelta(seconds=begin)),
        "steps": [STEP],
        "step_every": "PT1S",
        "thresholds": THRESHOLDS,
    }


@pytest.fixture
async def regions(release_manager: ReleaseManager) -> list[str]:
    run = secrets.token_hex(3)
    names = [f"w{run}-{number}" for number in range(4)]
    for name in names:
        await release_manager.set_mode(name, "off")
    return names


@pytest.mark.timeout(600)
async def test_three_waves_by_themselves_and_a_pause_in_the_second(
    release_manager: ReleaseManager, gateway: Gateway, people: People, regions: list[str]
) -> None:
    first, second, third, fourth = regions
    crowd = Crowd(gateway, people, regions)
    waves = [wave("one", [first], 4), wave("two", [second, third], 6), wave("three", [fourth], 8)]
    plan = await started(release_manager, waves)
    async with crowd.signing_in():
        await until_mode(release_manager, first, "enforced")
        await until_mode(release_manager, second, "ramp")

        crowd.away |= {first}  # nobody there has to do with it
        await gateway.becomes(events=["processed", "bounce"])
        paused = await until_paused(release_manager, [second, third])
        await gateway.clear_plans()
        held = await standings(release_manager, regions)
        assert held[fourth]["mode"] in ("off", "shadow")
        assert paused["because"].startswith(("bounced", "delivered"))
        full = (await release_manager.call("viewer", "GET", plan)).body
        assert {each["waits_for"] for each in full["course"] if not each["done"]} == {"pause"}

        for region in (second, third):
            crowd.replace(region)
        crowd.away.clear()
        await until_completed(release_manager, plan, [second, third])
    await cohorts_only_grew(release_manager, regions)
    assert all(sorted(asked) == asked for asked in crowd.asked.values())
    assert any(asked[0] != asked[-1] for asked in crowd.asked.values())
    await audit_is_whole(release_manager)


async def started(release_manager: ReleaseManager, waves: list[dict[str, Any]]) -> str:
    """The path of a plan that another approved."""
    body = {"name": "by spring", "reason": "a journey in the tests", "waves": waves}
    made = await release_manager.call("release_manager", "POST", "/v1/plans", body=body)
    assert made.status == 201, made
    path = made.headers["Location"]
    for verb, role in (("submit", "release_manager"), ("approve", "approver"), ("start", "release_manager")):
        made = await release_manager.call(role, "POST", f"{path}/{verb}", {"If-Match": made.headers["ETag"]})
        assert made.status == 200, made
    return path


async def standings(release_manager: ReleaseManager, regions: list[str]) -> dict[str, Any]:
    return {name: (await release_manager.call("viewer", "GET", f"/v1/regions/{name}")).body for name in regions}


async def until_mode(release_manager: ReleaseManager, region: str, mode: str) -> None:
    async def it_is() -> bool:
        return bool((await standings(release_manager, [region]))[region]["mode"] == mode)

    await wait_until(it_is, within_s=90)


async def until_completed(release_manager: ReleaseManager, plan: str, may_be_paused: list[str]) -> None:
    """A person resumes each region that the guard has paused: it may see what came back a little later in one."""
    resumed: list[tuple[str, str]] = []

    async def it_is() -> bool:
        await asyncio.sleep(0.5)
        for region in may_be_paused:
            body = {"reason": "the provider says that it is mended"}
            answer = await release_manager.call("release_manager", "POST", f"/v1/regions/{region}/resume", body=body)
            resumed.extend([(region, answer.body["because"])] if answer.status == 200 else [])
        return bool((await release_manager.call("viewer", "GET", plan)).body["state"] == "completed")

    await wait_until(it_is, within_s=180)
    # None twice: what was before the resume is no evidence.
    assert len({region for region, _ in resumed}) == len(resumed) > 0, resumed


async def until_paused(release_manager: ReleaseManager, regions: list[str]) -> dict[str, Any]:
    """The pause of the first that is, by the guard."""
    found: dict[str, Any] = {}

    async def one_is() -> bool:
        for region in regions:
            seen = (await release_manager.call("viewer", "GET", f"/v1/regions/{region}/guard")).body
            found.update(seen["pause"] or {})
        return bool(found)

    await wait_until(one_is, within_s=90)
    assert found["by"] == "system"
    return found


async def cohorts_only_grew(release_manager: ReleaseManager, regions: list[str]) -> None:
    for region in regions:
        path = f"/v1/changes?region={region}&state=applied"
        made = (await release_manager.call("viewer", "GET", path)).body["changes"]
        shares = [each["policy"]["percent"] for each in made][::-1]
        assert shares == [0, 0, 0, STEP, 10_000]
        assert all(after >= before for before, after in pairwise(shares))


async def audit_is_whole(release_manager: ReleaseManager) -> None:
    head = (await release_manager.call("viewer", "GET", "/v1/audit/head")).body
    entries: list[AuditEntry] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = (await release_manager.call("viewer", "GET", f"/v1/audit?limit=500&cursor={cursor}")).body
        entries += [AuditEntry(**entry | {"at": datetime.fromisoformat(entry["at"])}) for entry in page["entries"]]
        cursor = page["next"]
    assert first_broken(entries[: head["number"]], Head(head["number"], head["hash"])) is None
