"""kill -9 at each await of the way of a mail: none is lost, and none is sent twice but where nobody can know."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from deploy.local.child_process import stop_all
from deploy.local.valkey import Valkey
from tests.integration.notifier.conftest import now, serving
from tests.integration.notifier.dying_notifier import DOUBTFUL, POINTS
from tests.integration.notifier.notifier_process import NotifierProcess
from tests.integration.notifier.outcomes import Outcomes, listening
from tests.unit.notifier.fakes import passcode_issued
from tests.wait_until import wait_until

# So that a lease, within which nobody else tries, is over soon.
SHORT = {"GATEPOST_PROVIDER_DEADLINE_S": "0.5", "GATEPOST_PROVIDER_PATIENCE_S": "0.4"}
SURVIVORS = 2


async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.fixture
async def instances(
    kafka_of_ours: str, valkey: Valkey, mailbox: str, server_directory: Path
) -> AsyncIterator[list[NotifierProcess]]:
    """One that dies at each point, and two that live; all in one group."""
    logs = server_directory / "logs"
    async with serving(never) as hanging:
        env = {"GATEPOST_KAFKA": kafka_of_ours, "GATEPOST_REDIS_URL": valkey.url, **SHORT}
        normal, doubtful = env | {"GATEPOST_SENDGRID_URL": mailbox}, env | {"GATEPOST_SENDGRID_URL": hanging}
        made = [NotifierProcess(f"dying-{n}", logs, normal, point) for n, point in enumerate(POINTS)]
        made += [NotifierProcess(f"doubting-{n}", logs, doubtful, point) for n, point in enumerate(DOUBTFUL)]
        made += [NotifierProcess(f"surviving-{n}", logs, normal) for n in range(SURVIVORS)]
        for each in made:
            await asyncio.to_thread(each.start, wait=False)
        try:
            await wait_until(lambda: all(each.ready for each in made), 60)
            yield made
        finally:
            await asyncio.to_thread(stop_all, made, 5)


async def mails_of(mailbox: str) -> Counter[str]:
    async with aiohttp.ClientSession() as http, http.get(f"{mailbox}/api/messages") as response:
        return Counter(mail["to"] for mail in await response.json())


async def publish(outcomes: Outcomes, number: int) -> dict[UUID, str]:
    """As many messages, each of an account of its own; message id → address."""
    published = {}
    for _ in range(number):
        event = passcode_issued(expires_at=now() + timedelta(minutes=10))
        to = f"{event.message_id}@customer.example"
        event = passcode_issued(address=to, expires_at=now() + timedelta(minutes=10))
        await outcomes.bus.publisher.publish(event)
        published[event.message_id] = to
    return published


async def test_a_notifier_killed_at_each_await_loses_no_mail(
    instances: list[NotifierProcess], kafka_of_ours: str, mailbox: str
) -> None:
    published: dict[UUID, str] = {}
    dying = [each for each in instances if each.dies_at is not None]
    async with listening(kafka_of_ours, "killed-test") as outcomes:

        async def all_died() -> bool:
            """Until each has got a message of its own: who joins later moves the partitions about."""
            published.update(await publish(outcomes, 12))
            return not any(each.running for each in dying)

        await wait_until(all_died, 90)
        assert [each.exit_reason() for each in dying if "9" not in each.exit_reason()] == []
        await wait_until(lambda: all(outcomes.accepted(message_id) for message_id in published), 90)

    mails = await mails_of(mailbox)
    counts = Counter(mails[to] for to in published.values())
    assert set(counts) <= {1, 2}
    # Twice: what was with the provider when the notifier died that never saw the answer, or recorded it.
    assert 1 <= counts[2] <= 12 * 3
