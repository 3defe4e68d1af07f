"""The floor: the hops of a login with bare clients, in as many processes as the system has."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.lifeline import REPOSITORY
from deploy.local.system import LocalSystem
from tests.bench.floor_worker import MAILS, TOPICS

PARTITIONS = 12  # as the system's (shared/topics.py)
READY_S = 20.0


@dataclass(frozen=True)
class Floor:
    """`pipe`: an account number and a line feed is a login."""

    pids: dict[str, int]
    pipe: asyncio.StreamWriter


@asynccontextmanager
async def floor(system: LocalSystem, provider_url: str) -> AsyncIterator[Floor]:
    """Three processes on the system's Kafka and Redis; they end when their standard input does."""
    if not system.kafka.makes_topics_itself:
        await _create_topics(system.kafka.bootstrap, TOPICS)
    workers: dict[str, asyncio.subprocess.Process] = {}
    try:
        for role in ("producer", "first", "second"):
            workers[role] = await _start(role, system.kafka.bootstrap, system.redis.url, provider_url)
        pipe = workers["producer"].stdin
        assert pipe is not None
        yield Floor({role: worker.pid for role, worker in workers.items()}, pipe)
    finally:
        for worker in workers.values():
            await _stop(worker)


@asynccontextmanager
async def bare_mailer(system: LocalSystem, provider_url: str) -> AsyncIterator[int]:
    """The pid of a process that posts what is in the topic `MAILS`."""
    if not system.kafka.makes_topics_itself:
        await _create_topics(system.kafka.bootstrap, (MAILS,))
    worker = await _start("mailer", system.kafka.bootstrap, system.redis.url, provider_url)
    try:
        yield worker.pid
    finally:
        await _stop(worker)


async def _start(role: str, *addresses: str) -> asyncio.subprocess.Process:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.floor_worker", role, *addresses),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert worker.stdout is not None
    try:
        async with asyncio.timeout(READY_S):
            if await worker.stdout.readline() != b"ready\n":
                raise RuntimeError(f"the floor's {role} did not start; its words are above")
    except BaseException:
        await _stop(worker)
        raise
    return worker


async def _stop(worker: asyncio.subprocess.Process) -> None:
    if worker.stdin is not None:
        worker.stdin.close()
    try:
        async with asyncio.timeout(5):
            await worker.wait()
    except TimeoutError:
        worker.kill()


async def _create_topics(bootstrap: str, topics: Iterable[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics])
    finally:
        await admin.close()
