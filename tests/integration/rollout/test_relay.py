"""From a PUT to the topic, on real PostgreSQL and a real broker, by more than one instance."""

import asyncio
from pathlib import Path

from aiokafka import AIOKafkaProducer

from shared.cloudevents import body_of, headers_of
from shared.events import PolicyMode, RegionPolicyChanged
from tests.integration.rollout.instance import OFF, Rollout, Topic, rollout_on
from tests.wait_until import wait_until


async def test_a_change_lands_as_the_whole_policy(rollout: Rollout, topic: Topic, name: str) -> None:
    await rollout.create(name)
    await rollout.change(
        name, 1, {"mode": "ramp", "percent": 7, "reason": "a few", "enforce_at": "2027-01-01T00:00:00Z"}
    )
    await wait_until(lambda: topic.versions(name) == [1, 2])
    first, second = topic.events(name)
    assert (first.mode, second.mode, second.percent) == (PolicyMode.OFF, PolicyMode.RAMP, 7)
    assert second.salt == first.salt
    assert second.enforce_at is not None


async def test_two_regions_are_salted_differently(rollout: Rollout, topic: Topic, name: str) -> None:
    await rollout.create(name + "a")
    await rollout.create(name + "b")
    await wait_until(lambda: topic.events(name + "a") != [] and topic.events(name + "b") != [])
    assert topic.events(name + "a")[0].salt != topic.events(name + "b")[0].salt


async def test_versions_land_in_order_while_rivals_write(rollout: Rollout, topic: Topic, name: str) -> None:
    async def change_once() -> None:
        """Until it wins, as an operator who reads again after a lost race."""
        version = 1
        while (answer := await rollout.change(name, version)).status == 412:
            version = answer.json["current_version"]

    await rollout.create(name)
    await asyncio.gather(*(change_once() for _ in range(15)))
    await wait_until(lambda: topic.versions(name) == list(range(1, 17)))


async def test_changes_go_on_in_order_when_the_leader_is_killed(
    rollout: Rollout, topic: Topic, name: str, postgres_url: str, kafka_bootstrap: str, server_directory: Path
) -> None:
    # The module's instance leads; the one that follows takes over.
    async with rollout_on(postgres_url, kafka_bootstrap, server_directory / "logs") as follower:
        await follower.create(name)
        await wait_until(lambda: topic.versions(name) == [1])
        for version in range(1, 6):
            await follower.change(name, version)
        rollout.process.kill()
        for version in range(6, 11):
            assert (await follower.change(name, version)).status == 200
        await wait_until(lambda: topic.versions(name)[-1:] == [11])
    assert sorted(set(topic.versions(name))) == list(range(1, 12))
    assert topic.versions(name) == sorted(topic.versions(name))
    await asyncio.to_thread(rollout.process.start)


async def test_an_old_version_that_lands_late_does_not_stay_the_last_word(
    rollout: Rollout, topic: Topic, name: str, kafka_bootstrap: str
) -> None:
    await rollout.create(name)
    await rollout.change(name, 1)
    await wait_until(lambda: topic.versions(name) == [1, 2])
    await land(kafka_bootstrap, topic.events(name)[0])
    await wait_until(lambda: topic.versions(name)[:4] == [1, 2, 1, 2])


async def test_garbage_on_the_topic_does_not_stay_the_last_word(
    rollout: Rollout, topic: Topic, name: str, kafka_bootstrap: str
) -> None:
    await rollout.create(name)
    await wait_until(lambda: topic.versions(name) == [1])
    foreign = topic.events(name)[0].model_copy(update={"version": 0})
    await land(kafka_bootstrap, foreign)
    await wait_until(lambda: topic.versions(name) == [1, 1])


async def test_a_restarted_instance_tells_what_stands(rollout: Rollout, topic: Topic, name: str) -> None:
    await rollout.create(name, OFF)
    await wait_until(lambda: topic.versions(name) == [1])
    await asyncio.to_thread(rollout.process.restart)
    await wait_until(lambda: len(topic.versions(name)) > 1)
    assert set(topic.versions(name)) == {1}


async def land(kafka: str, event: RegionPolicyChanged) -> None:
    """Write to the topic past the relay, as a former leader's producer would."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        headers = [(name, value.encode()) for name, value in headers_of(event, event.changed_at).items()]
        await producer.send_and_wait(event.topic, body_of(event), key=event.key.encode(), headers=headers)
    finally:
        await producer.stop()
