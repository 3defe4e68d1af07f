"""A storm of wrong codes over many accounts makes the next codes longer on every instance; calm makes them short."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from shared.events import CodeLengthChanged, LoginChallenged
from tests.integration.otp.instances import Instances, running, wrong_for
from tests.integration.otp.otp_process import otp_process
from tests.integration.otp.settings import NO_KAFKA, otp_settings
from tests.integration.shared.kafka_kit import Cluster
from tests.wait_until import wait_until

# 100 times as fast as in production.
FAST = {"wrong_share_window_s": 3, "wrong_share_slot_s": 1, "wrong_share_least_codes": 40}


@dataclass
class Metrics:
    """What an instance shows to who scrapes it."""

    session: aiohttp.ClientSession
    url: str

    async def show(self, digits: int, share: tuple[float, float]) -> bool:
        """Of new codes so many, and of all judged ones a share of wrong ones between these."""
        try:
            async with self.session.get(f"{self.url}/metrics") as response:
                lines = (await response.text()).splitlines()
        except aiohttp.ClientError:
            return False  # it is starting
        found = {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines if "{" in line}
        (least, most), wrong = share, found.get("gatepost_otp_wrong_share", -1)
        return found.get("gatepost_otp_code_digits") == digits and least <= wrong <= most


@pytest.fixture
async def fleet(kafka_bootstrap: str, kafka_kind: str, redis_url: str) -> AsyncIterator[Instances]:
    others = kafka_bootstrap if kafka_kind == "apache" else NO_KAFKA
    settings = [otp_settings(kafka, redis_url, **FAST) for kafka in (kafka_bootstrap, others, others)]
    async with running(*settings) as fleet:
        yield fleet


@pytest.fixture
async def metrics(fleet: Instances, redis_url: str, server_directory: Path) -> AsyncIterator[Metrics]:
    """Of one more, in a process as in production, that nobody asks for anything."""
    quiet = otp_process(otp_settings(NO_KAFKA, redis_url, kafka_deadline_s=0.5, **FAST), server_directory / "logs")
    await asyncio.to_thread(quiet.start, wait=False)
    yield Metrics(fleet.session, quiet.url)
    await asyncio.to_thread(quiet.stop)


async def changes(cluster: Cluster) -> list[tuple[Any, str]]:
    """Length and id of each event there is."""
    records = await cluster.read(CodeLengthChanged.topic)
    return [(json.loads(record.value)["digits"], dict(record.headers)["ce_id"].decode()) for record in records]


async def wrong_codes(fleet: Instances, challenges: int) -> list[tuple[LoginChallenged, str]]:
    """Three for each of so many challenges, and then these are open still; with their right codes."""
    made = await asyncio.gather(*(fleet.with_code() for _ in range(challenges)))
    answers = await asyncio.gather(*(fleet.verify(event, wrong_for(code)) for event, code in made * 3))
    assert {answer["verdict"] for _, answer in answers} == {"wrong"}
    return made


async def test_a_storm_over_many_accounts_lengthens_new_codes_and_right_codes_bring_them_back(
    fleet: Instances, metrics: Metrics, cluster: Cluster
) -> None:
    before = await changes(cluster)
    await wait_until(lambda: metrics.show(digits=6, share=(0, 0)), 20)
    stormed = await wrong_codes(fleet, 20)
    assert {len(code) for _, code in stormed} == {6}

    async def next_codes(digits: int, typed: bool) -> bool:
        """On whichever instances they are minted. Typed ones are right: they make the storm a smaller share."""
        made = await asyncio.gather(*(fleet.with_code() for _ in range(12)))
        answers = await asyncio.gather(*(fleet.verify(event, code) for event, code in made if typed))
        assert {answer["verdict"] for _, answer in answers} <= {"verified"}
        return {len(code) for _, code in made} == {digits}

    async def shown() -> bool:
        await wrong_codes(fleet, 1)  # or the storm may be over before the metrics are looked at
        return await metrics.show(digits=8, share=(0.5, 1))

    await wait_until(shown)
    await wait_until(lambda: next_codes(8, typed=False))
    late = [await fleet.verify(event, code) for event, code in stormed[:3]]
    assert {answer["verdict"] for _, answer in late} == {"verified"}  # six digits, from before the storm
    await wait_until(lambda: next_codes(6, typed=True), 20)
    await wait_until(lambda: metrics.show(digits=6, share=(0, 0.25)))

    made = (await changes(cluster))[len(before) :]
    assert [digits for digits, _ in dict.fromkeys(made)] == [8, 6]  # each once, or twice with the same id
