"""Events that are published together: each is told apart, and what is overdue holds up no more than it must."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

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

    async def publish(self, _body: bytes, _topic: str, **options: Any) -> asyncio.Future[None]:
        if len(self.futures) == self.refuses:
            raise KafkaTimeoutError
        self.futures.append(asyncio.get_running_loop().create_future())
        self.headers.append(options["headers"])
        return self.futures[-1]


def publisher(broker: Any) -> EventPublisher:
    made = EventPublisher(broker, SOON_S)
    made.connected = True
    return made


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


async def test_what_is_overdue_is_not_on_kafka_and_holds_up_its_topic_until_it_is() -> None:
    broker = Broker()
    made = publisher(broker)
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
