"""At least once, and never two codes: duplicates, and services killed in the middle of it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from shared.events import LoginChallenged
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.sealing import Sealer
from shared.settings import ServiceSettings
from tests.journeys.person import Answer, Gateway
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]
LOGINS = 200


async def publish(system: LocalSystem, *events: LoginChallenged) -> None:
    bus = EventBus("journey", ServiceSettings(port=1, kafka=system.kafka.bootstrap))
    bus.start()
    await wait_until(lambda: bus.publisher.connected)
    for event in events:
        await bus.publisher.publish(event)
    await bus.stop()


async def test_the_same_event_twice_yields_one_code_and_one_mail(system: LocalSystem, gateway: Gateway) -> None:
    sealer = Sealer(Keyring.parse(system.keys.sealing_public))
    twice, after = (
        LoginChallenged(
            challenge_id=(challenge_id := uuid4()),
            account_id=uuid4(),
            address=sealer.seal(f"{name}@example.com", f"address:{challenge_id}"),
            locale="en",
            region="emea",
            policy_version=1,
            purpose="login",
            product="gatepost",
            client_hash="none",
            expires_at=datetime.now(UTC) + timedelta(minutes=10),
        )
        for name in ("twice", "after")
    )
    await publish(system, twice, twice)
    await gateway.codes("twice@example.com")
    await publish(system, twice, after)  # once `after` is mailed, a second mail for `twice` would be there too
    await gateway.codes("after@example.com")
    assert len(await gateway.codes("twice@example.com")) == 1


@pytest.mark.parametrize("victim", ["otp", "notifier"])
async def test_a_killed_service_loses_no_mail_and_changes_no_code(
    victim: str, system: LocalSystem, gateway: Gateway, people: People
) -> None:
    if system.kafka.makes_topics_itself:
        pytest.skip("the embedded broker keeps a killed member for its session's whole time; needs Apache Kafka")
    persons = people(LOGINS)
    accepted: list[tuple[SeedAccount, Answer]] = []

    async def log_in(person: SeedAccount) -> None:
        answer = await gateway.log_in(person)
        if answer.status == 202:
            accepted.append((person, answer))

    logins = [asyncio.create_task(log_in(person)) for person in persons]
    await wait_until(lambda: len(accepted) >= LOGINS // 4)
    await asyncio.to_thread(system.services[victim].kill)
    await asyncio.gather(*logins)
    assert len(accepted) == LOGINS  # auth needs neither of them to accept a login
    await asyncio.to_thread(system.services[victim].start)

    for person, challenge in accepted:
        codes = await gateway.codes(person.email, within_s=60)
        assert len(set(codes)) == 1  # a duplicate carries the same code
        assert (await gateway.verify(challenge, codes[0])).status == 200
