"""The code is readable in one place: the mail. Looked for everywhere else."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import asyncpg
import redis.asyncio
from aiokafka import AIOKafkaConsumer

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from shared.keyring import decode
from tests.journeys.otlp_receiver import OtlpReceiver
from tests.journeys.person import Gateway
from tests.unit.auth.totp_app import code_at
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


async def redis_files(system: LocalSystem) -> list[bytes]:
    """The append-only file, and a snapshot that is not compressed."""
    client = redis.asyncio.Redis.from_url(system.redis.url)
    await client.config_set("rdbcompression", "no")
    await client.save()
    await client.aclose()
    files = [file for file in system.redis.directory.rglob("*") if file.is_file()]
    assert {".rdb", ".aof"} <= {file.suffix for file in files}
    found = [file.read_bytes() for file in files]
    assert sum(b"{otp-" in content for content in found) >= 2, "what is readable there would be found"
    return found


async def table_dump(url: str) -> list[bytes]:
    """Every row of every table as PostgreSQL writes it; bytes in hex."""
    connection = await asyncpg.connect(url)
    names = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    rows = [row[0].encode() for name in names for row in await connection.fetch(f'SELECT t::text FROM "{name[0]}" t')]
    await connection.close()
    return rows


async def dumped(system: LocalSystem, collector: OtlpReceiver) -> dict[str, list[bytes]]:
    """All that stays behind of what went through the system, but PostgreSQL's."""
    return {
        "Kafka": await topic_dump(system.kafka.bootstrap),
        "Redis": await redis_dump(system.redis.url),
        "Redis on disk": await redis_files(system),
        "logs": [file.read_bytes() for file in system.log_dir.glob("*.log")],
        "spans and metrics": list(collector.raw),
    }


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

    places = await dumped(system, collector) | {"answers": [text.encode() for text in gateway.seen]}
    assert all(places.values()), "a place that was not looked at proves nothing"
    found = [
        (place, secrets.index(secret) % 3)  # which kind of secret; never the secret itself
        for place, texts in places.items()
        for secret in secrets
        for form in forms(secret)
        if any(form in text for text in texts)
    ]
    assert found == []


def parts(token: str) -> list[str]:
    """A token as it is given, and each half of what it stands for."""
    content = decode(token.partition("_")[2])
    return [token, content[:16].hex(), content[16:].hex()]


async def test_factors_and_tokens_are_readable_in_no_store_either(
    system: LocalSystem, gateway: Gateway, people: Callable[..., list[SeedAccount]], collector: OtlpReceiver
) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email)
    done = (await gateway.verify(challenge, code, remember_device=True)).body
    again = (await gateway.log_in(ada, device_token=done["device_token"])).body
    offer = (await gateway.as_owner("POST", "/v1/account/totp", done["access_token"])).body
    secret: str = offer["secret"]
    app_code = code_at(secret, datetime.now(UTC))
    confirmed = await gateway.as_owner("POST", "/v1/account/totp/confirm", done["access_token"], {"code": app_code})
    recovery = confirmed.body["recovery_codes"]
    used = await gateway.verify(await gateway.log_in(ada), recovery[0], method="recovery_code")
    refreshed = await gateway.call(
        "POST", f"{gateway.auth}/v1/tokens/refresh", json={"refresh_token": used.body["refresh_token"]}
    )
    tokens = [done["device_token"], again["device_token"], used.body["refresh_token"], refreshed.body["refresh_token"]]
    access = [done["access_token"], refreshed.body["access_token"], challenge.body["challenge_token"]]
    raw_secret = base64.b32decode(secret + "=" * (-len(secret) % 8)).hex()
    plain = [each.replace("-", "") for each in recovery]
    secrets = [
        secret,
        raw_secret,
        ada.password,
        *recovery,
        *plain,
        *access,
        *(part for t in tokens for part in parts(t)),
    ]

    places = await dumped(system, collector) | {"PostgreSQL": await table_dump(system.postgres.url("auth"))}
    assert all(places.values()), "a place that was not looked at proves nothing"
    found = [
        (place, number)
        for place, texts in places.items()
        for number, each in enumerate(secrets)
        for form in forms(each)
        if any(form in text for text in texts)
    ]
    assert found == []
    assert any(ada.email.encode() in row for row in places["PostgreSQL"])  # what is readable there is found
