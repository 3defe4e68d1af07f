"""Peppers, code keys and sealing keys change under load by `gatepost secrets`: nobody's right code is refused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.otp.app import build
from services.otp.settings import OtpSettings
from shared.key_file import KeyFile
from shared.sealing import Unsealer
from tests.integration.auth.commands import gatepost
from tests.integration.otp.instances import Instances, running, wrong_for
from tests.integration.otp.settings import CALLERS, NO_KAFKA
from tests.wait_until import wait_until

VERIFIES = 2_000
WORKERS = 12
REFRESH_S = 0.2
READ_BY_ALL = ("--after", "1")  # five times REFRESH_S, as in production six times


@dataclass(frozen=True)
class Keys:
    """The files of one deployment; `directory` is what the services are shown."""

    directory: Path
    private: Path

    def of(self, setting: str) -> Path:
        return self.directory / f"gatepost_{setting}"

    async def each(self, verb: str, *more: str) -> None:
        """One command for each of the rings. What it refuses as too early it does when it is time."""
        for words in (
            (self.of("peppers"),),
            (self.of("code_keys"),),
            (self.private, "--public", self.of("sealing_public_keys")),
        ):

            async def done(words: tuple[Any, ...] = words) -> bool:
                ended = await gatepost("", "secrets", verb, *map(str, words), *more)
                assert ended.code == 0 or "too recently" in ended.err, ended.err
                return ended.code == 0

            await wait_until(done)

    def unsealer(self) -> Unsealer:
        return Unsealer(KeyFile(self.private).read())

    def ids(self) -> list[list[str]]:
        rings = (KeyFile(self.of(name)).read() for name in ("peppers", "code_keys", "sealing_public_keys"))
        return [[key.id.rpartition("-")[2] for key in ring] for ring in rings]

    def settings(self, kafka: str, redis_url: str, refresh_s: float = REFRESH_S) -> OtpSettings:
        return OtpSettings(
            _secrets_dir=self.directory, port=1, kafka=kafka, kafka_fetch_wait_ms=50, redis_url=SecretStr(redis_url),
            callers=SecretStr(CALLERS), key_refresh_s=refresh_s,
        )  # fmt: skip


@pytest.fixture
async def keys(tmp_path: Path) -> Keys:
    (tmp_path / "secrets").mkdir()
    made = Keys(tmp_path / "secrets", tmp_path / "sealing_private_keys")
    await made.each("make")
    return made


def following(settings: OtpSettings, keys: Keys) -> FastAPI:
    return build(settings, reread=partial(keys.settings, settings.kafka, settings.redis_url.get_secret_value()))


@pytest.fixture
async def fleet(keys: Keys, kafka_bootstrap: str, kafka_kind: str, redis_url: str) -> AsyncIterator[Instances]:
    others = kafka_bootstrap if kafka_kind == "apache" else NO_KAFKA
    paces = (REFRESH_S, 0.7 * REFRESH_S, 0.4 * REFRESH_S)  # so that they do not all read at the same moments
    settings = [
        keys.settings(kafka, redis_url, pace)
        for kafka, pace in zip((kafka_bootstrap, others, others), paces, strict=True)
    ]
    async with running(*settings, unsealer=keys.unsealer, start=partial(following, keys=keys)) as fleet:
        yield fleet


@dataclass
class Load:
    """Signs in without end, a wrong code first now and then. `odd` are answers that were not what they should be."""

    fleet: Instances
    verifies: int = 0
    odd: list[Any] = field(default_factory=list)
    over: bool = False

    async def run(self, worker: int) -> None:
        random = Random(worker)
        while not self.over:
            event, code = await self.fleet.with_code()
            for typed, verdict in ((wrong_for(code), "wrong"), (code, "verified"))[random.random() < 0.7 :]:
                status, answer = await self.fleet.verify(event, typed, random.randrange(len(self.fleet.urls)))
                self.verifies += 1
                if (status, answer.get("verdict")) != (200, verdict):
                    self.odd.append((status, verdict, answer))

    async def more(self, verifies: int) -> None:
        goal = self.verifies + verifies
        await wait_until(lambda: self.verifies >= goal, 60)


async def test_no_right_code_is_refused_while_every_key_changes_under_load(keys: Keys, fleet: Instances) -> None:
    held = [await fleet.with_code() for _ in range(6)]  # under the old keys, typed after the change
    load = Load(fleet)
    workers = [asyncio.create_task(load.run(worker)) for worker in range(WORKERS)]
    await load.more(VERIFIES // 4)
    await keys.each("add")
    await load.more(VERIFIES // 4)
    await keys.each("promote", *READ_BY_ALL)
    await load.more(VERIFIES // 4)
    for number, (event, code) in enumerate(held):
        status, answer = await fleet.verify(event, code, number % len(fleet.urls))
        assert (status, answer["verdict"]) == (200, "verified")
    assert keys.ids() == [["2", "1"]] * 3
    await keys.each("retire", *READ_BY_ALL)  # what was minted with the old keys has been typed within that second
    await load.more(VERIFIES // 4)
    load.over = True
    await asyncio.gather(*workers)

    assert load.odd == []
    assert load.verifies >= VERIFIES
    assert keys.ids() == [["2"]] * 3


async def test_an_instance_that_lacks_the_key_of_a_code_neither_refuses_it_nor_counts(
    keys: Keys, kafka_bootstrap: str, redis_url: str
) -> None:
    """Whoever promotes with --now gets this."""
    settings = [keys.settings(kafka, redis_url) for kafka in (kafka_bootstrap, NO_KAFKA)]

    def start(each: OtpSettings) -> FastAPI:
        return build(each) if each.kafka == NO_KAFKA else following(each, keys)  # the second never reads a file again

    async with running(*settings, unsealer=keys.unsealer, start=start) as fleet:
        await keys.each("add")
        await keys.each("promote", "--now")

        async def minted_with_the_new_one() -> bool:
            event, code = await fleet.with_code()
            status, answer = await fleet.verify(event, code, 1)
            assert (status, answer.get("verdict")) in {(200, "verified"), (503, None)}
            return status == 503

        await wait_until(minted_with_the_new_one)
        event, code = await fleet.with_code()
        for typed in [wrong_for(code)] * 20 + [code]:
            status, answer = await fleet.verify(event, typed, 1)
            assert (status, answer["dependency"]) == (503, "peppers")
        status, answer = await fleet.verify(event, code, 0)

        assert (status, answer["verdict"], answer["attempts_remaining"]) == (200, "verified", 4)
