"""The real servers that tests talk to, each started once, when the first test asks for it.

Kafka is Apache Kafka where Java and Maven are there, and always in CI; elsewhere the embedded broker, and the
report's first lines say so.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio
import structlog

from deploy.local.kafka_jars import ApacheKafkaUnavailable, check_available
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey
from tests.fresh_kafka import fresh_kafka

# A test dependency brings a renderer of tracebacks that takes 100 ms for each, on the loop of the services under test.
_PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])

IN_CI = os.environ.get("CI") == "true"


def _why_not_apache() -> str | None:
    try:
        check_available()
    except ApacheKafkaUnavailable as reason:
        return str(reason)
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "steps of the OTP scripts against their model; of changes a twentieth"
    parser.addoption("--model-steps", type=int, default=10_000, help=told)


def pytest_configure() -> None:
    if IN_CI and (reason := _why_not_apache()):
        pytest.exit(f"CI needs Apache Kafka: {reason}", returncode=2)


def pytest_report_header() -> str:
    reason = _why_not_apache()
    return f"Kafka: the embedded broker ({reason})" if reason else "Kafka: Apache Kafka"


@pytest.fixture(scope="module", autouse=True)
def collected() -> None:
    """As a service does at its start: what stands is not looked at again. Else the collector holds the loop of the
    services under test for up to 0.6 s, and auth waits a quarter of a second for Redis."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def kafka_kind() -> str:
    """`apache` or `embedded`, as the launcher calls it."""
    return "embedded" if _why_not_apache() else "apache"


@pytest.fixture(scope="session")
def groups_of_several(kafka_kind: str) -> None:
    """For tests in which members share a topic out."""
    if kafka_kind != "apache":
        pytest.skip("the embedded broker knows groups of one member only (FACTS)")


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """Data and logs of the servers; not pytest's own folder, which PostgreSQL's account may not enter."""
    directory = Path(tempfile.mkdtemp(prefix="gatepost-tests-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
async def kafka_bootstrap(kafka_kind: str, server_directory: Path) -> AsyncIterator[str]:
    """Bootstrap address of a Kafka with all topics."""
    async with fresh_kafka(kafka_kind, server_directory / "kafka") as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def valkey(server_directory: Path) -> Iterator[Valkey]:
    # Its file must be there, and nothing reads it: syncing and rewriting it would only hold the server up.
    settings = {"appendfsync": "no", "auto-aof-rewrite-percentage": "0"}
    server = Valkey(server_directory / "redis", free_port(), server_directory / "logs", settings=settings)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def redis_url(valkey: Valkey) -> str:
    """URL of an empty Valkey."""
    client = redis.asyncio.Redis.from_url(valkey.url)
    await client.flushall()
    await client.aclose()
    return valkey.url


@pytest.fixture(scope="session")
def postgres(server_directory: Path) -> Iterator[Postgres]:
    server = Postgres(server_directory / "postgres", free_port(), server_directory / "logs")
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def empty_database(postgres: Postgres, name: str) -> AsyncIterator[str]:
    """URL of a database that ends with the block."""
    connection = await asyncpg.connect(f"{postgres.server_url}postgres")
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{postgres.server_url}{name}"
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def postgres_url(postgres: Postgres, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """URL of a database of the module's own, empty at first."""
    async with empty_database(postgres, request.module.__name__.rpartition(".")[2][:40].lower()) as url:
        yield url
