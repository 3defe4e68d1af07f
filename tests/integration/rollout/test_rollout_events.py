"""`GET /v1/events`: what is done at rollout, as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.integration.rollout.instance import RAMP, Rollout, bearer
from tests.wait_until import wait_until


@dataclass
class Stream:
    """`heard`: name, id and data of each event, but for what is not this test's region."""

    region: str
    heard: list[tuple[str, str | None, Any]] = field(default_factory=list)
    last_id: str | None = None

    async def read(self, response: aiohttp.ClientResponse) -> None:
        fields: dict[str, str] = {}
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = value
                continue
            self.last_id = fields.get("id", self.last_id)
            data = json.loads(fields.get("data", "null"))
            if data is not None and data["region"] == self.region:
                self.heard.append((fields["event"], fields.get("id"), data))
            fields = {}

    def actions(self) -> list[str]:
        return [data["action"] for event, _, data in self.heard if event == "audit"]


@asynccontextmanager
async def listening(rollout: Rollout, region: str, last_id: str | None = None) -> AsyncIterator[Stream]:
    headers = bearer("viewer") | ({} if last_id is None else {"Last-Event-ID": last_id})
    stream = Stream(region)
    async with rollout.client.get(rollout.process.url + "/v1/events", headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        reading = asyncio.create_task(stream.read(response))
        try:
            await wait_until(lambda: stream.last_id is not None)
            yield stream
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_what_is_done_is_told_as_it_happens(rollout: Rollout, name: str) -> None:
    async with listening(rollout, name) as stream:
        await rollout.create(name)
        await rollout.change(name, 1, RAMP)
        await wait_until(lambda: stream.actions()[-1:] == ["change-applied"] and len(stream.actions()) == 4)
        assert stream.actions() == ["change-applied", "change-submitted", "change-approved", "change-applied"]
        numbers = [int(number) for event, number, _ in stream.heard if event == "audit" and number]
        assert numbers == sorted(numbers)
        shown = [data["version"] for event, _, data in stream.heard if event == "propagation"]
        assert shown == sorted(set(shown))


async def test_whoever_comes_back_hears_what_was_missed(rollout: Rollout, name: str) -> None:
    async with listening(rollout, name) as stream:
        await rollout.create(name)
        await wait_until(lambda: len(stream.actions()) == 1)
        last = stream.last_id
    await rollout.change(name, 1, {"mode": "off", "reason": "unheard"})
    async with listening(rollout, name, last) as again:
        await wait_until(lambda: len(again.actions()) == 1)
        (entry,) = [data for event, _, data in again.heard if event == "audit"]
        assert entry["detail"]["reason"] == "unheard"
        standing = [data["version"] for event, _, data in again.heard if event == "propagation"]
        assert standing == [2]


async def test_a_stream_does_not_keep_the_service_from_stopping(rollout: Rollout, name: str) -> None:
    async with listening(rollout, name):
        await asyncio.wait_for(asyncio.to_thread(rollout.process.stop), 8)
    await asyncio.to_thread(rollout.process.start)


async def test_an_id_that_is_no_number_is_refused(rollout: Rollout) -> None:
    answer = await rollout.call("GET", "/v1/events", Last_Event_ID="yesterday")
    assert (answer.status, answer.problem) == (422, "invalid-request")
