"""Lua scripts of which many are called at once: the calls of one moment go out together and cost one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoScriptError

from shared.redis import OUTAGES, RedisClient, outages, unavailable
from shared.redis_exchange import exchange_on
from shared.redis_script import LuaScript
from shared.together import Together


@dataclass(frozen=True, slots=True)
class _Call:
    script: LuaScript
    keys: Sequence[str]
    args: Sequence[str | bytes | int]


class ScriptsTogether:
    """Scripts whose answers need not wait for replicas. In a cluster, those together that one node owns the keys of."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._exchange = exchange_on(client)
        self._together = Together(self._run_all)

    def script(self, source: str) -> LuaScript:
        return _ScriptTogether(self, source)

    async def run(self, call: _Call) -> Any:
        return await self._together(call, self._exchange.place(call.keys[0]))

    async def _run_all(self, calls: Sequence[_Call]) -> list[Any]:
        async with outages(self._client):
            answers = await self._exchange.each([(c.keys[0], c.script.by_hash(c.keys, c.args)) for c in calls])
            unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            whole = [calls[place] for place in unknown]
            if whole:
                found = await self._exchange.each([(c.keys[0], c.script.whole(c.keys, c.args)) for c in whole])
                for place, answer in zip(unknown, found, strict=True):
                    answers[place] = answer
        return [await unavailable(self._client, each) if isinstance(each, OUTAGES) else each for each in answers]


class _ScriptTogether(LuaScript):
    def __init__(self, scripts: ScriptsTogether, source: str) -> None:
        super().__init__(source)
        self._scripts = scripts

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        return await self._scripts.run(_Call(self, keys, args))
