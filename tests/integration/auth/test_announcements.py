"""An announcement to 100,000 accounts, on a real Kafka and PostgreSQL, by services that are killed on the way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.embedded_kafka import EmbeddedKafka
from deploy.local.service_process import ServiceProcess
from services.auth.adapters.postgres_announcements import PostgresAnnouncements
from services.auth.adapters.tables import accounts
from services.auth.domain.announcement import MOST_PACE, MOST_PER_PAGE, Standing
from services.auth.use_cases.spread_announcements import SpreadAnnouncements
from shared.ending import ended
from shared.events import AnnouncementDue, NoticeDue, NoticeKind
from shared.kafka import EventBus
from shared.periodic import periodically
from shared.postgres import migrate, postgres_engine
from shared.sealing import Sealer, Unsealer
from tests.fresh_kafka import fresh_kafka
from tests.integration.auth.auth_process import auth_process
from tests.integration.auth.conftest import MIGRATIONS
from tests.integration.otp.settings import NOTIFIER, otp_settings
from tests.integration.shared.kafka_kit import Cluster
from tests.unit.auth.fake_announcements import announcement
from tests.unit.shared.samples import public_ring
from tests.wait_until import wait_until

MANY = 100_000
UNREACHABLE = 3
PEOPLE = """
INSERT INTO accounts (id, username, username_key, email, region, locale, status, sso)
SELECT gen_random_uuid(), '{region}-' || n, '{region}-' || n, CASE WHEN n <= {unreachable} THEN '' ELSE n || '@customer.example' END,
       '{region}', 'de', 'active', n > {count}
FROM generate_series(1, {count} + 100) AS n
"""  # noqa: E501


@pytest.fixture(scope="module")
async def kafka_of_ours(kafka_kind: str, server_directory: Path) -> AsyncIterator[str]:
    """A hundred thousand notices would be first in line for the notifiers of later tests."""
    async with fresh_kafka(kafka_kind, server_directory / "kafka-of-announcements") as bootstrap:
        yield bootstrap


@pytest.fixture(scope="module")
async def url(postgres_url: str) -> str:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    return postgres_url


@pytest.fixture(scope="module")
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = postgres_engine(url, autocommit=True)
    yield made
    await made.dispose()


@pytest.fixture(scope="module")
def store(engine: AsyncEngine) -> PostgresAnnouncements:
    return PostgresAnnouncements(engine)


async def people(engine: AsyncEngine, region: str, count: int, unreachable: int = 0) -> dict[UUID, str]:
    """Ids and addresses of the accounts that can be mailed, out of `count`; beside them some that are exempt."""
    async with engine.connect() as connection:
        statement = PEOPLE.format(region=region, count=count, unreachable=unreachable)
        await connection.execute(sa.text(statement))
        await connection.execute(sa.text("ANALYZE accounts"))
        chosen = sa.select(accounts.c.id, accounts.c.email).where(
            accounts.c.region == region, accounts.c.email != "", sa.not_(accounts.c.sso)
        )
        return {row.id: row.email for row in await connection.execute(chosen)}


@pytest.fixture
def instances(url: str, kafka_of_ours: str, server_directory: Path, tmp_path: Path) -> Iterator[list[ServiceProcess]]:
    """Two, which lack all that an announcement does not need."""
    with ExitStack() as running:
        made = []
        for number in range(2):
            logs, snapshot = server_directory / f"announcing-{number}", tmp_path / f"policy-{number}.json"
            process = auth_process(kafka_of_ours, url, logs, snapshot, ANNOUNCEMENT_PACE=str(MOST_PACE))
            running.callback(process.close)
            made.append(process)
        yield made


async def notices_in(region: str, kafka: str) -> list[NoticeDue]:
    """All that are on the topic."""
    notices = [NoticeDue.model_validate_json(record.value) for record in await Cluster(kafka).read(NoticeDue.topic)]
    return [notice for notice in notices if notice.region == region]


def due(region: str) -> AnnouncementDue:
    at = datetime.now(UTC) + timedelta(days=7)
    kind = NoticeKind.ADVANCE_NOTICE
    return AnnouncementDue(
        announcement_id=uuid4(), region=region, kind=kind, at=at, time_zone="Europe/Berlin", expires_at=at
    )


async def standing(store: PostgresAnnouncements, announcement_id: UUID) -> Standing:
    found = await store.find(announcement_id)
    assert found is not None
    return found


async def sent(store: PostgresAnnouncements, announcement_id: UUID) -> int:
    found = await store.find(announcement_id)
    return found.progress.sent if found else 0


async def test_100_000_accounts_are_told_once_each_by_two_instances_that_are_killed_on_the_way(
    kafka_of_ours: str,
    engine: AsyncEngine,
    store: PostgresAnnouncements,
    instances: list[ServiceProcess],
) -> None:
    mailable = await people(engine, "many", MANY, UNREACHABLE)
    event = due("many")

    async def beyond(count: int) -> bool:
        return await sent(store, event.announcement_id) >= count

    async def over() -> bool:
        found = await store.find(event.announcement_id)
        return found is not None and found.progress.finished_at is not None

    bus = EventBus(f"announcer-{uuid4()}", otp_settings(kafka_of_ours, "redis://127.0.0.1:1/0"))
    bus.start()
    await wait_until(bus.healthy, 20)
    for _ in range(2):  # rollout's outbox may say it twice
        await bus.publisher.publish(event)
    await bus.stop()
    for instance in instances:
        instance.start(wait=False)
    await wait_until(lambda: beyond(MANY // 5), 120)
    instances[0].kill()
    await wait_until(lambda: beyond(2 * MANY // 5), 120)
    instances[1].kill()
    at_a_standstill = await sent(store, event.announcement_id)
    assert at_a_standstill < MANY // 2 + 10 * MOST_PER_PAGE

    instances[0].start(wait=False)
    await wait_until(lambda: beyond(at_a_standstill + 1), 60)
    await wait_until(over, 120)

    told = await notices_in("many", kafka_of_ours)
    times = Counter(notice.account_id for notice in told)
    assert set(times) == set(mailable)
    assert len({notice.notice_id for notice in told}) == len(mailable) == MANY - UNREACHABLE
    assert all(notice.notice_id == uuid5(event.announcement_id, str(notice.account_id)) for notice in told)
    assert len(told) - len(mailable) <= 2 * MOST_PER_PAGE
    progress = (await standing(store, event.announcement_id)).progress
    assert (progress.total, progress.sent, progress.unreachable) == (MANY, len(mailable), UNREACHABLE)
    opened = Unsealer(NOTIFIER).unseal(told[0].address, f"notice:{told[0].notice_id}")
    assert opened == mailable[told[0].account_id]


async def test_while_kafka_hangs_it_pauses_and_then_goes_on(
    engine: AsyncEngine, store: PostgresAnnouncements, server_directory: Path
) -> None:
    mailable = await people(engine, "hang", 4_000)
    made = announcement(
        uuid4(), region="hang", pace=MOST_PACE, received_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip

    async def over() -> bool:
        return (await standing(store, made.id)).progress.finished_at is not None

    async def begun() -> bool:
        return await sent(store, made.id) >= MOST_PER_PAGE

    with EmbeddedKafka(server_directory / "announcement-outage" / "logs") as kafka:
        settings = otp_settings(kafka.bootstrap, "redis://127.0.0.1:1/0")
        bus = EventBus("announcer", settings.model_copy(update={"kafka_deadline_s": 0.5}))
        bus.start()
        await wait_until(bus.healthy, 20)
        failures: list[Exception] = []
        spread = SpreadAnnouncements(
            store, bus.publisher.publish, Sealer(public_ring(NOTIFIER)), lambda: datetime.now(UTC)
        )

        async def spread_or_note() -> None:
            try:
                await spread()
            except Exception as error:
                failures.append(error)
                raise

        await store.add(made)
        spreading = asyncio.create_task(periodically("announcements", 0.05, spread_or_note))
        await wait_until(begun)
        kafka.pause()
        await wait_until(lambda: len(failures) >= 3)
        held = await sent(store, made.id)
        assert held < len(mailable)
        kafka.resume()
        await wait_until(over, 30)
        await ended(spreading)
        told = await notices_in("hang", kafka.bootstrap)
        await bus.stop()

    assert {notice.account_id for notice in told} == set(mailable)
    assert len({notice.notice_id for notice in told}) == len(mailable)
    assert await sent(store, made.id) == len(mailable)
