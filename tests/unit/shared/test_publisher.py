"""Events that are published together: each is told apart, and what is overdue holds up no more than its partition."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import pytest
from aiokafka.errors import KafkaTimeoutError
from faststream.kafka import KafkaBroker
from structlog.testing import capture_logs

from shared.publisher import EventPublisher
from shared.unavailable import DependencyUnavailable
from tests.unit.shared.samples import email_outcome, login_challenged
from tests.wait_until import wait_until

SOON_S = 0.05


@dataclass
class Broker:
    """`refuses`: after how many messages it takes no more, not even into its hands."""

    refuses: int | None = None
    futures: list[asyncio.Future[None]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    partitions: list[int | None] = field(default_factory=list)

    async def publish(self, _body: bytes, _topic: str, **options: Any) -> asyncio.Future[None]:
        if len(self.futures) == self.refuses:
            raise KafkaTimeoutError
        self.futures.append(asyncio.get_running_loop().create_future())
        self.headers.append(options["headers"])
        self.partitions.append(options["partition"])
        return self.futures[-1]


@dataclass
class FirstByte:
    """A key's first byte says its partition; without one, any that is not avoided. `numbers`: empty, none is known."""

    numbers: range = range(4)

    def of(self, _topic: str) -> Collection[int]:
        return self.numbers

    def choose(self, _topic: str, key: bytes | None, avoided: Collection[int | None]) -> int | None:
        if not self.numbers:
            return None
        return key[0] % len(self.numbers) if key else next((each for each in self.numbers if each not in avoided), 0)


def publisher(broker: Any, numbers: range = range(4)) -> EventPublisher:
    made = EventPublisher(broker, FirstByte(numbers), SOON_S)
    made.connected = True
    return made


async def overdue(made: EventPublisher, broker: Broker, key: bytes | None, topic: str = "t") -> asyncio.Future[None]:
    """A message that Kafka does not acknowledge; what it will acknowledge it with."""
    with pytest.raises(DependencyUnavailable):
        await made.send(topic, key, b"", {})
    return broker.futures[-1]


async def taken(made: EventPublisher, broker: Broker, key: bytes | None, topic: str = "t") -> bool:
    """Whether a message goes to Kafka. One that does is acknowledged."""
    before = len(broker.futures)
    sending = asyncio.create_task(made.send(topic, key, b"", {}))
    await wait_until(lambda: len(broker.futures) > before or sending.done())
    if len(broker.futures) == before:
        assert isinstance(sending.exception(), DependencyUnavailable)
        return False
    broker.futures[-1].set_result(None)
    await sending
    return True


BATCH = [(email_outcome(attempt=n), {"traceparent": "ignored while telemetry is off"}) for n in (1, 2, 3)]


async def test_a_batch_waits_for_all_and_tells_which_of_it_is_on_kafka() -> None:
    broker = Broker()
    publishing = asyncio.create_task(publisher(broker).publish_all(BATCH))
    await wait_until(lambda: len(broker.futures) == 3)
    broker.futures[2].set_result(None)
    broker.futures[1].set_exception(KafkaTimeoutError())
    assert not publishing.done()
    broker.futures[0].set_result(None)
    assert await publishing == [True, False, True]
    assert [each["ce_id"] for each in broker.headers] == [event.id for event, _ in BATCH]


async def test_what_is_overdue_is_not_on_kafka_and_holds_up_its_partition_until_it_is() -> None:
    broker = Broker()
    made = publisher(broker, range(1))
    publishing = asyncio.create_task(made.publish_all(BATCH))
    await wait_until(lambda: len(broker.futures) == 3)
    broker.futures[0].set_result(None)
    assert await publishing == [True, False, False]
    assert not made.flowing
    assert await made.publish_all(BATCH) == [False, False, False]
    with pytest.raises(DependencyUnavailable):
        await made.publish(email_outcome())
    assert len(broker.futures) == 3
    for future in broker.futures[1:]:
        future.set_result(None)
    await wait_until(lambda: made.flowing)


async def test_keys_of_other_partitions_and_other_topics_go_on() -> None:
    broker = Broker()
    made = publisher(broker)
    first = await overdue(made, broker, b"\x01")
    assert [await taken(made, broker, bytes([key])) for key in range(4)] == [True, False, True, True]
    assert await taken(made, broker, b"\x01", topic="u")
    first.set_result(None)
    assert await taken(made, broker, b"\x01")
    assert broker.partitions == [1, 0, 2, 3, 1, 1]  # told, so that aiokafka need not compute it


async def test_a_partition_is_stuck_until_the_last_of_its_overdue_messages_is_on_kafka() -> None:
    broker = Broker()
    made = publisher(broker)
    some = await asyncio.gather(*(made.send("t", b"\x01", b"", {}) for _ in range(2)), return_exceptions=True)
    assert {type(each) for each in some} == {DependencyUnavailable}
    broker.futures[0].set_exception(KafkaTimeoutError())
    assert not await taken(made, broker, b"\x01")
    broker.futures[1].set_result(None)
    assert await taken(made, broker, b"\x01")


async def test_the_log_says_once_that_a_partition_is_stuck_and_once_that_it_flows_again() -> None:
    broker = Broker()
    made = publisher(broker)
    with capture_logs() as logs:
        await asyncio.gather(*(made.send("t", b"\x01", b"", {}) for _ in range(3)), return_exceptions=True)
        await taken(made, broker, b"\x01")
        for future in broker.futures:
            future.set_result(None)
        await taken(made, broker, b"\x01")
    assert [(each["event"], each["topic"], each["partition"]) for each in logs] == [
        ("partition_stuck", "t", 1),
        ("partition_flows", "t", 1),
    ]


async def test_of_a_batch_only_what_goes_to_a_stuck_partition_is_refused() -> None:
    broker = Broker()
    made = publisher(broker)
    accounts = [UUID(f"{first}b6f6f3e-6f0e-4a5e-8c39-4b2c1b0c9a11") for first in (0, 1, 2)]
    stuck = await overdue(made, broker, str(accounts[0]).encode(), topic=email_outcome().topic)
    publishing = asyncio.create_task(made.publish_all([(email_outcome(account_id=each), {}) for each in accounts]))
    await wait_until(lambda: len(broker.futures) == 3)
    for future in broker.futures[1:]:
        future.set_result(None)
    assert await publishing == [False, True, True]
    assert not stuck.done()


async def test_a_service_is_unready_while_most_of_a_topic_is_stuck_and_not_before() -> None:
    broker = Broker()
    made = publisher(broker)
    stuck = [await overdue(made, broker, bytes([key])) for key in (0, 1)]
    await overdue(made, broker, b"\x00", topic="u")
    assert made.flowing
    stuck.append(await overdue(made, broker, b"\x02"))
    assert not made.flowing
    stuck[0].set_result(None)
    await wait_until(lambda: made.flowing)


async def test_what_has_no_key_goes_where_it_can() -> None:
    broker = Broker()
    made = publisher(broker, range(2))
    await overdue(made, broker, None)
    assert await taken(made, broker, None)
    await overdue(made, broker, None)
    assert not await taken(made, broker, None)
    assert broker.partitions == [0, 1, 1]


async def test_while_the_partitions_are_not_known_a_topic_is_stuck_as_a_whole() -> None:
    broker = Broker()
    made = publisher(broker, range(0))
    stuck = await overdue(made, broker, b"\x01")
    assert not made.flowing
    assert not await taken(made, broker, b"\x02")
    assert await taken(made, broker, b"\x02", topic="u")
    stuck.set_result(None)
    assert await taken(made, broker, b"\x02")


async def test_a_message_of_an_unknown_partition_may_be_in_front_of_any_other() -> None:
    broker, partitions = Broker(), FirstByte(range(0))
    made = EventPublisher(cast("KafkaBroker", broker), partitions, SOON_S)
    made.connected = True
    stuck = await overdue(made, broker, b"\x01")
    partitions.numbers = range(4)
    assert not await taken(made, broker, b"\x02")
    stuck.set_result(None)
    await wait_until(lambda: made.flowing)
    await overdue(made, broker, b"\x01")
    partitions.numbers = range(0)  # as it may be while Kafka comes back
    assert not await taken(made, broker, b"\x02")


async def test_what_kafkas_client_does_not_take_and_what_comes_after_it_is_not_on_kafka() -> None:
    broker = Broker(refuses=1)
    publishing = asyncio.create_task(publisher(broker).publish_all(BATCH))
    await wait_until(lambda: len(broker.futures) == 1)
    broker.futures[0].set_result(None)
    assert await publishing == [True, False, False]


async def test_without_a_connection_nothing_is_begun() -> None:
    broker = Broker()
    made = publisher(broker)
    made.connected = False
    assert await made.publish_all([*BATCH, (login_challenged(), {})]) == [False] * 4
    assert await made.publish_all([]) == []
    assert broker.futures == []
