"""Lua scripts on Redis: run once for a call or not at all; believed only once enough replicas hold what they did."""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final

from redis.exceptions import NoScriptError, RedisError

from shared.redis import RedisClient, outages
from shared.redis_exchange import Command, exchange_on
from shared.unavailable import DependencyUnavailable

# A replica acknowledges within its round trip; one that hangs must be told apart before the command's own deadline.
WAIT_MS: Final = 1_000


class Script:
    """A Lua script, called by its hash; sent whole where the server does not know it (NOSCRIPT: it has not run).

    With `replicas`, an answer is given only once so many of them acknowledged all that this connection has written
    (docs/decisions/0014-verdicts-wait-for-replicas.md). A script that did not write waits as well: a primary that has
    lost its replicas is perhaps no longer the primary.
    """

    def __init__(self, client: RedisClient, source: str, replicas: int = 0) -> None:
        self._client = client
        self._exchange = exchange_on(client)
        self._source = source
        self._hash = sha1(source.encode(), usedforsecurity=False).hexdigest()
        self._replicas = replicas
        self._wait: list[Command] = [("WAIT", replicas, WAIT_MS)] if replicas else []

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """At least one key, all in one slot. Raises: DependencyUnavailable."""
        rest = (len(keys), *keys, *args)
        async with outages(self._client):
            answers = await self._exchange(keys[0], [("EVALSHA", self._hash, *rest), *self._wait])
            if isinstance(answers[0], NoScriptError):
                answers = await self._exchange(keys[0], [("EVAL", self._source, *rest), *self._wait])
            for answer in answers:
                if isinstance(answer, RedisError):
                    raise answer
        if self._wait and answers[1] < self._replicas:
            raise DependencyUnavailable("redis")
        return answers[0]

    async def about(self, echo: bytes, keys: list[str], *args: str | bytes | int) -> list[Any]:
        """The answer of a script that gets `echo` as its first argument and gives it back first; the rest of it.

        A cancelled command once left its reply for the next caller (CVE-2023-28858): an answer about something else
        is no answer. Raises: DependencyUnavailable.
        """
        answer = await self(keys, [echo, *args])
        if not isinstance(answer, list) or answer[:1] != [echo]:
            raise DependencyUnavailable("redis")
        return list(answer[1:])
