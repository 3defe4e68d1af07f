"""Lua scripts on Redis: run once for a call or not at all; believed only once enough replicas hold what they did."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final

from redis.exceptions import NoScriptError, RedisError

from shared.redis import RedisClient, outages
from shared.redis_exchange import Command, exchange_on
from shared.unavailable import DependencyUnavailable

# A replica acknowledges within its round trip; one that hangs must be told apart before the command's own deadline.
WAIT_MS: Final = 1_000


class LuaScript(ABC):
    """Called by its hash; sent whole where the server does not know it (NOSCRIPT: it has not run)."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._hash = sha1(source.encode(), usedforsecurity=False).hexdigest()

    @abstractmethod
    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """At least one key, all in one slot. Raises: DependencyUnavailable."""

    async def about(self, echo: bytes, keys: list[str], *args: str | bytes | int) -> list[Any]:
        """The answer of a script that gets `echo` as its first argument and gives it back first; the rest of it.

        A cancelled command once left its reply for the next caller (CVE-2023-28858): an answer about something else
        is no answer. Raises: DependencyUnavailable.
        """
        answer = await self(keys, [echo, *args])
        if not isinstance(answer, list) or answer[:1] != [echo]:
            raise DependencyUnavailable("redis")
        return list(answer[1:])

    def by_hash(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Command:
        return ("EVALSHA", self._hash, len(keys), *keys, *args)

    def whole(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Command:
        return ("EVAL", self._source, len(keys), *keys, *args)


class Script(LuaScript):
    """With `replicas`, an answer is given only once so many of them acknowledged all that this connection has written
    (docs/decisions/0014-verdicts-wait-for-replicas.md). A script that did not write waits as well: a primary that has
    lost its replicas is perhaps no longer the primary.
    """

    def __init__(self, client: RedisClient, source: str, replicas: int = 0) -> None:
        super().__init__(source)
        self._client = client
        self._exchange = exchange_on(client)
        self._replicas = replicas
        self._wait: list[Command] = [("WAIT", replicas, WAIT_MS)] if replicas else []

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        async with outages(self._client):
            answers = await self._exchange(keys[0], [self.by_hash(keys, args), *self._wait])
            if isinstance(answers[0], NoScriptError):
                answers = await self._exchange(keys[0], [self.whole(keys, args), *self._wait])
            for answer in answers:
                if isinstance(answer, RedisError):
                    raise answer
        if self._wait and answers[1] < self._replicas:
            raise DependencyUnavailable("redis")
        return answers[0]
