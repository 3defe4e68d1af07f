"""Bad days: what goes on, what answers 503, and that all of it comes back by itself (DESIGN §6)."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from deploy.local.apache_kafka import ApacheKafka
from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.conftest import ReleaseManager
from tests.journeys.person import Answer, Gateway
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]
RECOVERS_WITHIN_S = 60


@pytest.fixture(autouse=True)
async def whole_again(system: LocalSystem) -> AsyncIterator[None]:
    """Each test begins and ends with everything up and ready."""
    yield
    for part in system.infrastructure:
        await asyncio.to_thread(part.start)
    for service in system.services.values():
        await asyncio.to_thread(service.start)
        await wait_until(lambda service=service: service.ready, RECOVERS_WITHIN_S)  # type: ignore[misc]


def is_unavailable(answer: Answer) -> bool:
    return (
        answer.status == 503
        and int(answer.headers["Retry-After"]) > 0
        and "problem+json" in answer.headers["Content-Type"]
    )


async def until_ready(system: LocalSystem, *names: str, ready: bool) -> None:
    for name in names:
        await wait_until(lambda name=name: system.services[name].ready is ready, RECOVERS_WITHIN_S)  # type: ignore[misc]


async def completes(gateway: Gateway, person: SeedAccount) -> bool:
    challenge = await gateway.log_in(person)
    if challenge.status != 202:
        return False
    codes = await gateway.codes(person.email, within_s=RECOVERS_WITHIN_S)
    return (await gateway.verify(challenge, codes[-1])).status == 200


async def test_without_redis_no_code_is_right_and_sessions_go_on(
    system: LocalSystem, gateway: Gateway, people: People
) -> None:
    ada, bob = people(2)
    challenge = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email)
    signed_in = await gateway.log_in(people(1, region="latam")[0])

    await asyncio.to_thread(system.redis.stop)
    assert is_unavailable(await gateway.verify(challenge, code))
    assert is_unavailable(await gateway.progress(challenge))
    assert (await gateway.authz(signed_in.body["access_token"])).status == 200
    await until_ready(system, "otp", "notifier", "auth", ready=False)

    await asyncio.to_thread(system.redis.start)
    await until_ready(system, "otp", "notifier", "auth", ready=True)
    assert (await gateway.verify(challenge, code)).status == 200  # Redis keeps its log: the code outlived it
    assert await completes(gateway, bob)


async def test_without_postgresql_logins_wait_and_tokens_hold(
    system: LocalSystem, gateway: Gateway, people: People, release_manager: ReleaseManager
) -> None:
    ada, off = people(1)[0], people(1, region="latam")[0]
    signed_in = await gateway.log_in(off)

    await asyncio.to_thread(system.postgres.stop)
    assert is_unavailable(await gateway.log_in(ada))
    assert (await gateway.authz(signed_in.body["access_token"])).status == 200
    assert is_unavailable(await release_manager.call("release_manager", "GET", "/v1/regions"))
    await until_ready(system, "auth", "rollout", ready=False)

    await asyncio.to_thread(system.postgres.start)
    await until_ready(system, "auth", "rollout", ready=True)
    assert await completes(gateway, ada)


async def test_a_provider_that_is_down_delays_the_mail_and_loses_none(
    system: LocalSystem, gateway: Gateway, people: People
) -> None:
    (ada,) = people(1)
    await asyncio.to_thread(system.mailbox.stop)
    challenge = await gateway.log_in(ada)
    assert challenge.status == 202  # the login does not wait for the mail
    await until_ready(system, "notifier", ready=False)

    await asyncio.to_thread(system.mailbox.start)
    codes = await gateway.codes(ada.email, within_s=RECOVERS_WITHIN_S)
    assert (await gateway.verify(challenge, codes[-1])).status == 200


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_provider_that_refuses_for_now_is_asked_again(status: int, gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    await gateway.fault(status=status, count=1)
    challenge = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email, within_s=30)
    assert (await gateway.verify(challenge, code)).status == 200


async def test_without_kafka_a_known_region_is_still_known_and_no_code_is_promised(
    system: LocalSystem, gateway: Gateway, people: People
) -> None:
    kafka = system.kafka
    if not isinstance(kafka, ApacheKafka):
        pytest.skip("needs Apache Kafka, stopped and started again with its topics")
    ada, off = people(1)[0], people(1, region="latam")[0]
    auth = system.services["auth"]
    snapshot = system.directory / "auth" / "region-policy.json"
    await wait_until(snapshot.exists)

    await asyncio.to_thread(kafka.stop)
    await until_ready(system, "auth", "otp", "notifier", "rollout", ready=False)
    assert is_unavailable(await gateway.log_in(ada))
    signed_in = await gateway.log_in(off)
    assert (signed_in.status, signed_in.body["decision"]["reason"]) == (200, "region-off")

    await asyncio.to_thread(auth.stop)
    await asyncio.to_thread(lambda: auth.start(wait=False))

    async def knows_from_the_snapshot() -> bool:  # Kafka gets its chance first
        return (await readiness(gateway, within_s=30))["region-policy"] == "ok"

    await wait_until(knows_from_the_snapshot, within_s=30)
    assert (await readiness(gateway, within_s=30))["kafka"] == "failing"
    assert (await gateway.log_in(off)).body["decision"]["reason"] == "region-off"  # from the snapshot
    assert is_unavailable(await gateway.log_in(ada))

    await asyncio.to_thread(auth.stop)
    snapshot.unlink()
    await asyncio.to_thread(lambda: auth.start(wait=False))
    assert (await readiness(gateway, within_s=30))["region-policy"] == "failing"
    assert is_unavailable(await gateway.log_in(off))  # with neither: never "no code needed"

    await asyncio.to_thread(kafka.start)
    await until_ready(system, "auth", "otp", "notifier", "rollout", ready=True)
    assert await completes(gateway, ada)


async def readiness(gateway: Gateway, within_s: float) -> dict[str, str]:
    """The checks of auth, once it answers at all."""
    checks: dict[str, str] = {}

    async def answers() -> bool:
        try:
            checks.update((await gateway.call("GET", f"{gateway.auth}/readyz")).body["checks"])
        except OSError:
            return False
        return True

    await wait_until(answers, within_s)
    return checks
