"""A storm of wrong codes over many accounts makes the next codes longer on every instance; calm makes them short."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.events import CodeLengthChanged
from tests.integration.otp.instances import Instances, running, wrong_for
from tests.integration.otp.settings import NO_KAFKA, otp_settings
from tests.integration.shared.kafka_kit import Cluster
from tests.wait_until import wait_until

# 100 times as fast as in production.
FAST = {"wrong_share_window_s": 3, "wrong_share_slot_s": 1, "wrong_share_least_codes": 40}


@pytest.fixture
async def fleet(kafka_bootstrap: str, kafka_kind: str, redis_url: str) -> AsyncIterator[Instances]:
    others = kafka_bootstrap if kafka_kind == "apache" else NO_KAFKA
    settings = [otp_settings(kafka, redis_url, **FAST) for kafka in (kafka_bootstrap, others, others)]
    async with running(*settings) as fleet:
        yield fleet


async def changes(cluster: Cluster) -> list[tuple[Any, str]]:
    """Length and id of each event there is."""
    records = await cluster.read(CodeLengthChanged.topic)
    return [(json.loads(record.value)["digits"], dict(record.headers)["ce_id"].decode()) for record in records]


async def test_a_storm_over_many_accounts_lengthens_new_codes_and_right_codes_bring_them_back(
    fleet: Instances, cluster: Cluster
) -> None:
    before = await changes(cluster)
    stormed = await asyncio.gather(*(fleet.with_code() for _ in range(20)))
    assert {len(code) for _, code in stormed} == {6}
    storm = [fleet.verify(event, wrong_for(code), number % 3) for number, (event, code) in enumerate(stormed * 3)]
    assert {answer["verdict"] for _, answer in await asyncio.gather(*storm)} == {"wrong"}

    async def next_codes(digits: int, typed: bool) -> bool:
        """On whichever instances they are minted. Typed ones are right: they make the storm a smaller share."""
        made = await asyncio.gather(*(fleet.with_code() for _ in range(12)))
        calls = [fleet.verify(event, code, number % 3) for number, (event, code) in enumerate(made) if typed]
        assert {answer["verdict"] for _, answer in await asyncio.gather(*calls)} <= {"verified"}
        return {len(code) for _, code in made} == {digits}

    await wait_until(lambda: next_codes(8, typed=False))
    late = [await fleet.verify(event, code, 0) for event, code in stormed[:3]]
    assert {answer["verdict"] for _, answer in late} == {"verified"}  # six digits, from before the storm
    await wait_until(lambda: next_codes(6, typed=True), 20)

    made = (await changes(cluster))[len(before) :]
    assert [digits for digits, _ in dict.fromkeys(made)] == [8, 6]  # each once, or twice with the same id
