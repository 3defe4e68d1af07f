"""The code is readable in one place: the mail. Looked for everywhere else."""

import base64
from collections.abc import Callable, Iterator

import redis.asyncio
from aiokafka import AIOKafkaConsumer

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.otlp_receiver import OtlpReceiver
from tests.journeys.person import Gateway
from tests.wait_until import wait_until

PERSONS = 5


async def topic_dump(bootstrap: str) -> list[bytes]:
    """Every record of every topic: key, value and headers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        consumer.subscribe(sorted(topic for topic in await consumer.topics() if topic.startswith("gatepost.")))
        await wait_until(lambda: bool(consumer.assignment()))
        end = await consumer.end_offsets(consumer.assignment())
        found: list[bytes] = []

        async def read_all() -> bool:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    headers = b"".join(name.encode() + value for name, value in record.headers)
                    found.append((record.key or b"") + (record.value or b"") + headers)
            return all([await consumer.position(tp) >= offset for tp, offset in end.items()])

        await wait_until(read_all, within_s=30)
        return found
    finally:
        await consumer.stop()


async def redis_dump(url: str) -> list[bytes]:
    """Every key with its value as DUMP serialises it, and its fields, which DUMP may compress."""
    client = redis.asyncio.Redis.from_url(url)
    found = []
    async for key in client.scan_iter(count=1000):
        found.append(key + (await client.dump(key) or b""))
        if await client.type(key) == b"hash":
            found += [part for pair in (await client.hgetall(key)).items() for part in pair]
        elif await client.type(key) == b"string":
            found.append(await client.get(key) or b"")
    await client.aclose()
    return found


def forms(secret: str) -> Iterator[bytes]:
    """As it is, and as base64 and hex would show it."""
    yield secret.encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")
    yield secret.encode().hex().encode()


async def test_a_code_and_an_address_are_found_nowhere_but_in_the_mail(
    system: LocalSystem,
    gateway: Gateway,
    people: Callable[..., list[SeedAccount]],
    collector: OtlpReceiver,
) -> None:
    persons = people(PERSONS)
    secrets: list[str] = []
    for person in persons:
        challenge = await gateway.log_in(person)
        (code,) = await gateway.codes(person.email)
        await gateway.verify(challenge, f"{(int(code) + 1) % 10**8:08d}")
        await gateway.call("POST", f"{gateway.auth}/v1/logins", data=f'{{"username": "{code}')
        if person is not persons[0]:  # one stays open, so that Redis still holds a live code
            await gateway.verify(challenge, code)
        secrets += [code, person.email, person.password]
    last = challenge.body["challenge_id"]
    await wait_until(
        lambda: any(s.attributes.get("messaging.message.id") == {"stringValue": last} for s in collector.spans)
    )

    places = {
        "Kafka": await topic_dump(system.kafka.bootstrap),
        "Redis": await redis_dump(system.redis.url),
        "Redis on disk": [file.read_bytes() for file in system.redis.directory.rglob("*") if file.is_file()],
        "logs": [file.read_bytes() for file in system.log_dir.glob("*.log")],
        "spans and metrics": collector.raw,
        "answers": [text.encode() for text in gateway.seen],
    }
    assert all(places.values()), "a place that was not looked at proves nothing"
    found = [
        (place, secrets.index(secret) % 3)  # which kind of secret; never the secret itself
        for place, texts in places.items()
        for secret in secrets
        for form in forms(secret)
        if any(form in text for text in texts)
    ]
    assert found == []
