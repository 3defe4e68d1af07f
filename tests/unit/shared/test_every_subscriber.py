"""FastStream's defaults lose messages (FACTS): no subscriber exists that shared/kafka.py did not declare."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from pydantic import SecretStr

from deploy.local.keys import LocalKeys, generate_keys
from services.auth.app import build as build_auth
from services.auth.settings import AuthSettings
from services.notifier.app import build as build_notifier
from services.notifier.settings import NotifierSettings
from services.otp.app import build as build_otp
from services.otp.settings import OtpSettings
from services.rollout.app import build as build_rollout
from services.rollout.settings import RolloutSettings
from shared.events import (
    AccountSuppressed,
    AnnouncementDue,
    ChallengeClosed,
    EmailOutcome,
    InstanceForgotten,
    LoginChallenged,
    LoginOutcome,
    NoticeDue,
    PasscodeIssued,
    PolicyApplied,
    ProviderLimitObserved,
    RegionPolicyChanged,
    RegionPopulationCounted,
    SecurityNoticeDue,
    SessionRevoked,
)
from shared.kafka import EventBus
from shared.topics import retry_of

REPOSITORY = Path(__file__).parents[3]
POLICY = REPOSITORY / "shared" / "kafka.py"
ADMIN = REPOSITORY / "shared" / "create_topics.py"  # makes topics, reads and writes nothing
DEAD_LETTERS = REPOSITORY / "shared" / "dead_letter_topics.py"  # a command: reads without a group, handles nothing

# What opens a way to Kafka, as a name that is imported or called.
WAYS_IN = {"KafkaBroker", "KafkaRouter", "AIOKafkaConsumer", "AIOKafkaProducer", "Consumer", "subscriber", "FastStream"}
WORK = {
    "auth": {AnnouncementDue.topic},
    "otp": {LoginChallenged.topic, EmailOutcome.topic},
    "notifier": {PasscodeIssued.topic, ChallengeClosed.topic, NoticeDue.topic, SecurityNoticeDue.topic},
    "rollout": {EmailOutcome.topic, LoginOutcome.topic},
}
RECENT = {"rollout": {LoginOutcome.topic, EmailOutcome.topic, ChallengeClosed.topic}}
TABLES = {
    "auth": {RegionPolicyChanged.topic, SessionRevoked.topic},
    "otp": set(),
    "notifier": {ProviderLimitObserved.topic},
    "rollout": {
        RegionPolicyChanged.topic,
        PolicyApplied.topic,
        InstanceForgotten.topic,
        RegionPopulationCounted.topic,
        AccountSuppressed.topic,
        ProviderLimitObserved.topic,
    },
}


def sources() -> Iterator[Path]:
    for package in ("services", "shared"):
        yield from sorted((REPOSITORY / package).rglob("*.py"))


def ways_in(tree: ast.Module) -> set[str]:
    """Calls only: a type may be named where it annotates."""
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in called if isinstance(node, ast.Name)}
    return WAYS_IN & (names | {node.attr for node in called if isinstance(node, ast.Attribute)})


def test_nothing_but_the_policy_opens_a_way_to_kafka() -> None:
    found = {path: ways_in(ast.parse(path.read_text())) for path in sources()}

    assert {path: names for path, names in found.items() if names and path not in (POLICY, ADMIN, DEAD_LETTERS)} == {}
    assert found[POLICY] == {"KafkaBroker", "subscriber"}
    assert found[DEAD_LETTERS] == {"AIOKafkaProducer"}


@pytest.fixture(scope="module")
def buses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[EventBus]]:
    """Of each service: every bus that building it made."""
    keys = generate_keys(lambda size: uuid4().bytes * (size // 16) + bytes(size % 16))
    made: list[EventBus] = []

    class Seen(EventBus):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    by_service: dict[str, list[EventBus]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for service, build in BUILDS.items():
            patch.setattr(f"services.{service}.app.EventBus", Seen)
            build(keys, tmp_path_factory.mktemp(service))
            by_service[service], made = made, []
    return by_service


def auth(keys: LocalKeys, directory: Path) -> None:
    build_auth(
        AuthSettings.model_validate(
            {
                "port": 1,
                "kafka": "127.0.0.1:1",
                "database_url": "postgresql://nobody@127.0.0.1:1/auth",
                "redis_url": "redis://127.0.0.1:1/0",
                "storage_keys": keys.storage,
                "operators": keys.operator_digests,
                "sealing_public_keys": keys.sealing_public,
                "issuer": "http://127.0.0.1:1",
                "otp_url": "http://127.0.0.1:1",
                "otp_credential": keys.otp_credential,
                "policy_snapshot": directory / "policy.json",
                "argon2_memory_kib": 8,
                "argon2_time_cost": 1,
            }
        )
    )


def otp(keys: LocalKeys, _: Path) -> None:
    build_otp(
        OtpSettings(
            port=1,
            kafka="127.0.0.1:1",
            redis_url=SecretStr("redis://127.0.0.1:1/0"),
            peppers=SecretStr(keys.peppers),
            code_keys=SecretStr(keys.code_keys),
            sealing_public_keys=SecretStr(keys.sealing_public),
            callers=SecretStr(keys.callers),
        )
    )


def notifier(keys: LocalKeys, _: Path) -> None:
    build_notifier(
        NotifierSettings.model_validate(
            {
                "port": 1,
                "kafka": "127.0.0.1:1",
                "redis_url": "redis://127.0.0.1:1/0",
                "sealing_private_keys": keys.sealing_private,
                "sendgrid_api_key": keys.sendgrid_api_key,
                "suppression_keys": keys.suppression,
                "operators": keys.operator_digests,
                "mail_from": "no-reply@gatepost.example",
                "mail_domain": "gatepost.example",
                "brand": "Gatepost",
            }
        )
    )


def rollout(keys: LocalKeys, _: Path) -> None:
    build_rollout(
        RolloutSettings.model_validate(
            {
                "port": 1,
                "kafka": "127.0.0.1:1",
                "database_url": "postgresql://nobody@127.0.0.1:1/rollout",
                "operators": keys.operator_digests,
            }
        )
    )


BUILDS = {"auth": auth, "otp": otp, "notifier": notifier, "rollout": rollout}


@pytest.mark.parametrize("service", BUILDS)
def test_every_subscriber_of_a_service_follows_the_policy(buses: dict[str, list[EventBus]], service: str) -> None:
    (bus,) = buses[service]
    work, tables = set(), set()
    subscribers: list[Any] = list(bus.broker.subscribers)
    for subscriber in subscribers:
        follows_the_policy(subscriber)
        topics = set(subscriber.topic_names)
        if subscriber.group_id is None:
            tables |= topics
        else:
            assert subscriber.group_id.startswith(f"gatepost.{service}.")
            work |= topics

    assert work == WORK[service] | {retry_of(topic) for topic in WORK[service]}
    assert tables == TABLES[service] | RECENT.get(service, set())


def follows_the_policy(subscriber: Any) -> None:
    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"
    assert not subscriber._connection_args.get("enable_auto_commit")
    (call,) = subscriber.calls
    assert call.handler._original_call.__module__ == "shared.kafka"


def test_a_subscriber_declared_by_hand_does_not_pass() -> None:
    broker = KafkaBroker()

    @broker.subscriber("by-hand")
    async def handle(_: str) -> None: ...

    with pytest.raises(AssertionError):
        follows_the_policy(broker.subscribers[0])


def test_a_way_in_by_hand_is_seen() -> None:
    assert ways_in(ast.parse("broker.subscriber('t')\nfrom aiokafka import AIOKafkaConsumer as C")) == {"subscriber"}
    assert ways_in(ast.parse("consumer = aiokafka.AIOKafkaConsumer('t')")) == {"AIOKafkaConsumer"}
