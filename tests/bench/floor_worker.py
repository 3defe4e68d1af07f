"""One process of the floor: `python -m tests.bench.floor_worker producer|first|second|mailer KAFKA REDIS PROVIDER`.

producer: a line on standard input → Kafka. first: Kafka → one Redis script → Kafka. second: Kafka → one POST. mailer:
the same from a topic of its own.
Durable writes and groups as in the system; no retries, no dead letters, no sealing, no validation, no templates.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from aiohttp import ClientSession, TCPConnector
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis.asyncio import Redis

TOPICS = ("bench.floor.first", "bench.floor.second")
MAILS = "bench.floor.mails"
SENDS_AT_ONCE = 400  # as many as the notifier's (services/notifier/settings.py)
MESSAGE_BYTES = 700  # about what the system's events weigh
MAIL_BYTES = 2_000  # and its mails

SCRIPT = """
redis.call('HSET', KEYS[1], 'm', ARGV[1], 'e', ARGV[2], 'a', 0, 's', 'open')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HMGET', KEYS[1], 's', 'm')
"""

Handle = Callable[[bytes, bytes], Awaitable[Any]]


def message(account: bytes, started: int) -> bytes:
    return (b'{"to":"bench-%s@example.com","started":%d,' % (account, started)).ljust(MESSAGE_BYTES)


async def _producer(bootstrap: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0)
    await producer.start()
    return producer


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _produce(bootstrap: str, lines: asyncio.StreamReader) -> None:
    producer = await _producer(bootstrap)
    print("ready", flush=True)
    async for line in lines:
        account = line.strip()
        await producer.send(TOPICS[0], message(account, time.monotonic_ns()), key=account)
    await producer.stop()


async def _consume(bootstrap: str, topic: str, handle: Handle) -> None:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest")
    await consumer.start()
    print("ready", flush=True)
    running: set[asyncio.Task[Any]] = set()
    try:
        while True:
            fetched = await consumer.getmany(timeout_ms=500)
            for record in (record for records in fetched.values() for record in records):
                task: asyncio.Task[Any] = asyncio.ensure_future(handle(record.key, record.value))
                running.add(task)
                task.add_done_callback(running.discard)
    finally:
        await consumer.stop()


async def _first(bootstrap: str, redis_url: str) -> None:
    producer = await _producer(bootstrap)
    script = Redis.from_url(redis_url).register_script(SCRIPT)

    async def store_and_pass_on(key: bytes, value: bytes) -> None:
        await script(keys=[b"bench:{%s}" % key], args=[value[:64], 600_000])
        await producer.send_and_wait(TOPICS[1], value, key=key)

    try:
        await _consume(bootstrap, TOPICS[0], store_and_pass_on)
    finally:
        await producer.stop()


async def _post(bootstrap: str, topic: str, provider_url: str) -> None:
    slots = asyncio.Semaphore(SENDS_AT_ONCE)
    async with ClientSession(connector=TCPConnector(limit=0)) as session:

        async def post(_key: bytes, value: bytes) -> None:
            async with slots, session.post(f"{provider_url}/v3/mail/send", data=value.ljust(MAIL_BYTES)):
                pass

        await _consume(bootstrap, topic, post)


async def run(role: str, bootstrap: str, redis_url: str, provider_url: str) -> None:
    lines = await _standard_input()
    if role == "producer":
        return await _produce(bootstrap, lines)
    working = {
        "first": lambda: _first(bootstrap, redis_url),
        "second": lambda: _post(bootstrap, TOPICS[1], provider_url),
        "mailer": lambda: _post(bootstrap, MAILS, provider_url),
    }
    worker = asyncio.ensure_future(working[role]())
    over = asyncio.ensure_future(lines.read())  # end of file: whoever started us is gone
    await asyncio.wait({worker, over}, return_when=asyncio.FIRST_COMPLETED)
    worker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await worker
    return None


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(*sys.argv[1:]))
