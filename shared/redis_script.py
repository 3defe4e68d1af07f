"""Lua scripts on Redis: run once for a call or not at all; believed only once enough replicas hold what they did.

The calls of one moment go out together on one connection: a crowd costs a few round trips, and no more connections
than one who comes alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1
from importlib import resources
from types import ModuleType
from typing import Any, Final

from redis.exceptions import NoScriptError

from shared.redis import OUTAGES, RedisClient, outages, unavailable
from shared.redis_exchange import Command, exchange_on
from shared.together import Together
from shared.unavailable import DependencyUnavailable

# A replica acknowledges within its round trip; one that hangs must be told apart before the command's own deadline.
WAIT_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Call:
    script: "Script"
    keys: Sequence[str]
    args: Sequence[str | bytes | int]

    def by_hash(self) -> Command:
        return ("EVALSHA", self.script.hash, len(self.keys), *self.keys, *self.args)

    def whole(self) -> Command:
        return ("EVAL", self.script.source, len(self.keys), *self.keys, *self.args)


class Scripts:
    """With `replicas`, an answer is given only once so many of them acknowledged all that its connection has written
    (docs/decisions/0014-verdicts-wait-for-replicas.md). A script that did not write waits as well: a primary that has
    lost its replicas is perhaps no longer the primary.

    In a cluster, those calls go out together that one node owns the keys of.
    """

    def __init__(self, client: RedisClient, replicas: int = 0) -> None:
        self._client = client
        self._exchange = exchange_on(client)
        self.replicas = replicas
        self._wait: list[Command] = [("WAIT", replicas, WAIT_MS)] if replicas else []
        self._together = Together(self._run_all)

    def script(self, source: str) -> "Script":
        return Script(self, source)

    def of_package(self, package: ModuleType, *names: str) -> Iterator["Script"]:
        """Its files `NAME.lua`."""
        return (self.script(resources.files(package).joinpath(f"{name}.lua").read_text()) for name in names)

    async def run(self, call: _Call) -> Any:
        return await self._together(call, self._exchange.place(call.keys[0]))

    async def _run_all(self, calls: Sequence[_Call]) -> list[Any]:
        async with outages(self._client):
            answers = await self._send(calls, _Call.by_hash)
            unknown = [place for place, (answer, *_) in enumerate(answers) if isinstance(answer, NoScriptError)]
            if unknown:  # the server has not run them
                found = await self._send([calls[place] for place in unknown], _Call.whole)
                for place, answer in zip(unknown, found, strict=True):
                    answers[place] = answer
        return [await self._believed(*answer) for answer in answers]

    async def _send(self, calls: Sequence[_Call], form: Callable[[_Call], Command]) -> list[list[Any]]:
        return await self._exchange.each([(call.keys[0], form(call)) for call in calls], self._wait)

    async def _believed(self, answer: Any, acknowledged: Any = None) -> Any:
        """`acknowledged`: by how many replicas, when that was asked."""
        for each in (answer, acknowledged):
            if isinstance(each, OUTAGES):
                error = await unavailable(self._client, each)
                error.__cause__ = each
                return error
        return answer if acknowledged is None or acknowledged >= self.replicas else DependencyUnavailable("redis")


class Script:
    """Called by its hash; sent whole where the server does not know it (NOSCRIPT: it has not run)."""

    def __init__(self, scripts: Scripts, source: str) -> None:
        self._scripts = scripts
        self.replicas = scripts.replicas
        self.source = source
        self.hash = sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """At least one key, all in one slot. Who is cancelled has called all the same.

        Raises: DependencyUnavailable.
        """
        return await self._scripts.run(_Call(self, keys, args))

    async def about(self, echo: bytes, keys: list[str], *args: str | bytes | int) -> list[Any]:
        """The answer of a script that gets `echo` as its first argument and gives it back first; the rest of it.

        A cancelled command once left its reply for the next caller (CVE-2023-28858): an answer about something else
        is no answer. Raises: DependencyUnavailable.
        """
        answer = await self(keys, [echo, *args])
        if not isinstance(answer, list) or answer[:1] != [echo]:
            raise DependencyUnavailable("redis")
        return list(answer[1:])
