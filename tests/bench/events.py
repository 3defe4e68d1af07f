"""Events that the notifier mails, put on Kafka past the services that would publish them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from deploy.local.system import LocalSystem
from shared.cloudevents import body_of, headers_of
from shared.events import Event, NoticeDue, NoticeKind, PasscodeIssued
from shared.keyring import Keyring
from shared.sealing import Sealer
from tests.bench.accounts import REGION, username

PASSCODE_LIFE = timedelta(minutes=10)
NOTICE_LIFE = timedelta(days=1)

Message = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
"""Topic, key, value and headers."""


class Sealed:
    """Sealed to the system's notifier."""

    def __init__(self, system: LocalSystem) -> None:
        self._sealer = Sealer(Keyring.parse(system.keys.sealing_public))

    def passcode(self, account: int) -> Message:
        challenge_id = uuid4()
        return _message(
            PasscodeIssued(
                challenge_id=challenge_id,
                message_id=uuid4(),
                account_id=uuid4(),
                code=self._sealer.seal("471100", f"code:{challenge_id}"),
                address=self._sealer.seal(f"{username(account)}@example.com", f"address:{challenge_id}"),
                locale="en",
                region=REGION,
                purpose="login",
                expires_at=datetime.now(UTC) + PASSCODE_LIFE,
            )
        )

    def notice(self, number: int) -> Message:
        """To somebody who is no account of the bench."""
        notice_id = uuid4()
        return _message(
            NoticeDue(
                notice_id=notice_id,
                account_id=uuid4(),
                kind=NoticeKind.ADVANCE_NOTICE,
                address=self._sealer.seal(f"reader-{number}@example.com", f"notice:{notice_id}"),
                locale="en",
                region=REGION,
                at=datetime.now(UTC) + NOTICE_LIFE,
                expires_at=datetime.now(UTC) + NOTICE_LIFE,
            )
        )


def _message(event: Event) -> Message:
    headers = [(name, value.encode()) for name, value in headers_of(event, datetime.now(UTC)).items()]
    return event.topic, event.key.encode(), body_of(event), headers


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """In batches: what is to be mailed is there before it is mailed."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(producer: AIOKafkaProducer, messages: Iterable[Message]) -> None:
    sent = [await producer.send(topic, value, key, headers=headers) for topic, key, value, headers in messages]
    await asyncio.gather(*sent)
