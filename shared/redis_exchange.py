"""Commands that go out together on one connection, and their answers: what WAIT needs to mean the command before it."""

import asyncio
from collections.abc import Hashable, Sequence
from typing import Any, Final, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import AskError, ClusterDownError, MovedError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.redis import RedisClient

Command = tuple[str | bytes | int, ...]

# One MOVED for a topology that is out of date, one ASK for a slot that is under way; more is a cluster in trouble.
MOST_REDIRECTIONS: Final = 3


class Exchange(Protocol):
    def place(self, key: str, /) -> Hashable:
        """Where it lies, as far as is known; what lies at the same place may go out together."""

    async def each(self, commands: Sequence[tuple[str, Command]], after: Sequence[Command] = ()) -> list[list[Any]]:
        """Commands that have nothing to do with each other, and the keys that they are about, all at one place. The
        answer to each, and behind it those to what was run `after` it on its connection, once for many. An error that
        the server answered stands in an answer's place; other errors are raised."""


def exchange_on(client: RedisClient) -> Exchange:
    return ClusterExchange(client) if isinstance(client, RedisCluster) else PoolExchange(client)


class PoolExchange:
    def __init__(self, client: Redis) -> None:
        self._client = client

    def place(self, _key: str) -> Hashable:
        return None

    async def each(self, commands: Sequence[tuple[str, Command]], after: Sequence[Command] = ()) -> list[list[Any]]:
        pipeline = self._client.pipeline(transaction=False)
        answers = await _together(pipeline, [*(command for _, command in commands), *after])
        return _with_what_came_after(answers, len(commands))


class ClusterExchange:
    """The commands go to the node that owns the key.

    redis-py would follow a redirection with the first command alone, on any connection, and leave WAIT behind; so it
    is followed here. What was redirected has not run.
    """

    def __init__(self, client: RedisCluster) -> None:
        self._client = client
        self._given_up: ClusterNode | None = None

    def place(self, key: str) -> Hashable:
        owners = self._client.nodes_manager.slots_cache.get(self._client.keyslot(key))
        return owners[0].name if owners else None

    async def each(self, commands: Sequence[tuple[str, Command]], after: Sequence[Command] = ()) -> list[list[Any]]:
        node = await self._owner(commands[0][0])
        found = await self._on(node, [*(command for _, command in commands), *after])
        answers = _with_what_came_after(found, len(commands))
        led_on = [place for place, (answer, *_) in enumerate(answers) if isinstance(answer, AskError)]
        calls = (self._followed(key, [command, *after]) for key, command in (commands[place] for place in led_on))
        for place, apart in zip(led_on, await asyncio.gather(*calls, return_exceptions=True), strict=True):
            answers[place] = [apart] if isinstance(apart, BaseException) else apart
        return answers

    async def _followed(self, key: str, commands: Sequence[Command]) -> list[Any]:
        """All on the connection that the first is run on, wherever it is led to."""
        node, asking = await self._owner(key), False
        for _ in range(1 + MOST_REDIRECTIONS):
            answers = await self._on(node, [("ASKING",), *commands] if asking else commands)
            answers = answers[1:] if asking else answers
            if not isinstance(redirection := answers[0], AskError):  # and so no MovedError, which is one
                break
            asking = not isinstance(redirection, MovedError)
            if not asking:
                await self._client.nodes_manager.move_slot(redirection)
            node = self._client.get_node(redirection.host, redirection.port)
        return answers

    async def _owner(self, key: str) -> ClusterNode | None:
        await self._client.initialize()
        if self._given_up is not None:
            failed, self._given_up = self._given_up, None
            await self._look_again(failed)
        return self._client.get_node_from_key(key)

    async def _on(self, node: ClusterNode | None, commands: Sequence[Command]) -> list[Any]:
        if node is None:
            await self._look_again(None)
            raise RedisConnectionError("redirected to a node that the cluster does not list")
        try:
            answers = await _together(self._client.pipeline(), commands, target_nodes=node)
            for answer in answers:
                if isinstance(answer, RedisConnectionError | RedisTimeoutError | ClusterDownError):
                    raise answer
        except (RedisConnectionError, RedisTimeoutError, ClusterDownError):
            node.update_active_connections_for_reconnect()
            await node.disconnect_free_connections()
            await self._look_again(node)
            raise
        except asyncio.CancelledError:  # perhaps because it hangs, and another has taken over
            self._given_up = node
            raise
        return answers

    async def _look_again(self, failed: ClusterNode | None) -> None:
        """Who owns what may have changed: the next call finds the new primary."""
        await self._client.nodes_manager.initialize(last_failed_node_name=failed.name if failed else None)


async def _together(pipeline: Any, commands: Sequence[Command], **where: Any) -> list[Any]:
    for command in commands:
        pipeline.execute_command(*command, **where)
    answers: list[Any] = await pipeline.execute(
        raise_on_error=False, **({"allow_redirections": False} if where else {})
    )
    return answers


def _with_what_came_after(answers: list[Any], count: int) -> list[list[Any]]:
    return [[answer, *answers[count:]] for answer in answers[:count]]
