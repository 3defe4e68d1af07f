"""`gatepost dlq …` on a real Kafka."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.ports import free_port
from shared.cloudevents import body_of, headers_of
from shared.events import AnnouncementDue, ChallengeClosed, Event, NoticeDue, NoticeKind, PasscodeIssued
from shared.intake import Limits
from shared.redelivery import ATTEMPT, ERROR_CLASS, NOT_BEFORE, OVERSIZED, Unhandleable
from shared.sealing import Sealer
from shared.topics import DEAD_LETTER_SUFFIX, dead_letters_of, retry_of, topics
from tests.integration.shared.conftest import NewBus
from tests.integration.shared.kafka_kit import Cluster, RawHeaders
from tests.integration.shared.operator_command import gatepost
from tests.unit.shared.samples import passcode_issued, private_ring, public_ring
from tests.wait_until import wait_until

CODE = "402817"
ADDRESS = "kim@customer.example"
DIED = {ERROR_CLASS: "Unhandleable", ATTEMPT: "1", NOT_BEFORE: "2026-11-24T09:00:00+00:00"}
TOPIC = PasscodeIssued.topic
# No other test has dead letters there, and nothing consumes what is replayed to the latter.
RARE, UNREAD = AnnouncementDue.topic, ChallengeClosed.topic


def sealed_passcode(*, lives: timedelta = timedelta(minutes=10)) -> PasscodeIssued:
    sealer, challenge_id = Sealer(public_ring(private_ring("seal-7"))), uuid4()
    return passcode_issued(
        challenge_id=challenge_id,
        message_id=uuid4(),
        code=sealer.seal(CODE, f"code:{challenge_id}"),
        address=sealer.seal(ADDRESS, f"address:{challenge_id}"),
        expires_at=datetime.now(UTC) + lives,
    )


def announcement(*, lives: timedelta = timedelta(hours=1)) -> AnnouncementDue:
    now = datetime.now(UTC)
    kind: Any = NoticeKind.ADVANCE_NOTICE
    return AnnouncementDue(announcement_id=uuid4(), region="emea", kind=kind, at=now, expires_at=now + lives)


def closed() -> ChallengeClosed:
    return ChallengeClosed(challenge_id=uuid4(), account_id=uuid4(), end="expired", attempts=0)


def dead(event: Event, **more: str) -> tuple[bytes | None, RawHeaders, bytes | None]:
    headers = headers_of(event, datetime.now(UTC) - timedelta(minutes=5)) | DIED | more
    return event.key.encode(), [(name, value.encode()) for name, value in headers.items()], body_of(event)


async def letters(cluster: Cluster, topic: str, *words: str) -> list[dict[str, Any]]:
    answer = await gatepost(cluster.bootstrap, "dlq", "show", topic, "--json", "--limit", "1000", *words)
    return [json.loads(line) for line in answer.out.splitlines()]


async def summary(cluster: Cluster, topic: str) -> dict[str, Any]:
    answer = await gatepost(cluster.bootstrap, "dlq", "list", "--topic", topic, "--json")
    (found,) = json.loads(answer.out)
    return dict(found)


async def test_what_died_is_listed_shown_without_what_is_sealed_and_handled_once_when_it_is_replayed(
    cluster: Cluster, new_bus: NewBus
) -> None:
    mended, handled, event = False, list[str](), sealed_passcode()

    async def handle(issued: PasscodeIssued) -> None:
        if issued.id == event.id:
            if not mended:
                raise Unhandleable
            handled.append(issued.id)

    bus = new_bus(f"dlq-{uuid4().hex[:8]}")
    bus.consume(PasscodeIssued, handle, Limits(commit_every_s=0.01))
    bus.start()
    await wait_until(bus.healthy, within_s=20)
    await bus.publisher.publish(event)
    await wait_until(lambda: _is_dead(cluster, event.id), within_s=20)

    listed = await summary(cluster, TOPIC)
    assert listed["letters"] >= 1
    assert listed["error_classes"]["Unhandleable"] >= 1
    (letter,) = await letters(cluster, TOPIC, "--id", event.id)
    assert letter["body"]["code"] == letter["body"]["address"] == "<sealed, seal-7>"
    assert letter["body"]["region"] == "emea"
    assert (letter["error_class"], letter["attempt"], letter["replayed"]) == ("Unhandleable", 1, False)

    text = (await gatepost(cluster.bootstrap, "dlq", "show", TOPIC, "--limit", "1000")).out
    assert event.id in text
    assert not [canary for canary in (CODE, ADDRESS, event.code[8:], event.address[8:]) if canary in text]

    mended = True
    assert (await gatepost(cluster.bootstrap, "dlq", "replay", TOPIC, "--id", event.id)).out == "1 replayed\n"
    await wait_until(lambda: handled == [event.id], within_s=20)

    again = await gatepost(cluster.bootstrap, "dlq", "replay", TOPIC, "--id", event.id)
    assert again.out.splitlines() == ["1 not replayed: replayed before; --again sends it once more", "0 replayed"]
    assert again.code == 0
    (letter,) = await letters(cluster, TOPIC, "--id", event.id)
    assert letter["replayed"]
    copies = [each for each in await cluster.read(retry_of(TOPIC)) if each.value == body_of(event)]
    assert len(copies) == 1
    assert handled == [event.id]


async def _is_dead(cluster: Cluster, event_id: str) -> bool:
    return any(("ce_id", event_id.encode()) in each.headers for each in await cluster.read(dead_letters_of(TOPIC)))


async def test_a_replay_carries_the_same_bytes_and_headers_without_what_the_failures_added(cluster: Cluster) -> None:
    event = closed()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    key, headers, body = dead(event, traceparent=trace)
    await cluster.write(dead_letters_of(UNREAD), (key, headers, body))
    (letter,) = await letters(cluster, UNREAD, "--id", event.id)
    place = ("--partition", str(letter["partition"]), "--offset", str(letter["offset"]))

    assert (await gatepost(cluster.bootstrap, "dlq", "replay", UNREAD, *place)).code == 0

    (copy,) = [each for each in await cluster.read(retry_of(UNREAD)) if each.value == body]
    assert copy.key == key
    assert dict(copy.headers) == {name: value for name, value in headers if name not in DIED}
    assert letter["trace_id"] == trace.split("-")[1]


async def test_nothing_that_is_worth_nothing_is_replayed(cluster: Cluster) -> None:
    expired, cut = sealed_passcode(lives=timedelta(seconds=-1)), sealed_passcode()
    key, headers, _ = dead(cut, **{OVERSIZED: "300000"})
    await cluster.write(dead_letters_of(TOPIC), dead(expired), (key, headers, b""))

    answer = await gatepost(cluster.bootstrap, "dlq", "replay", TOPIC, "--id", expired.id, "--id", cut.id)

    assert answer.code == 1
    assert "1 not replayed: it has expired" in answer.out
    assert "1 not replayed: its content was too large" in answer.out
    assert "0 replayed" in answer.out
    values = [each.value for each in await cluster.read(retry_of(TOPIC))]
    assert body_of(expired) not in values
    (shown,) = await letters(cluster, TOPIC, "--id", expired.id)
    assert shown["expired"]


async def test_foreign_bytes_are_a_length_and_neither_stop_nor_follow_the_others(cluster: Cluster) -> None:
    event, topic = announcement(), dead_letters_of(RARE)
    await _emptied(cluster, RARE)
    foreign = f'{{"code": "{CODE}", "to": "{ADDRESS}"}}'.encode()
    await cluster.write(topic, (CODE.encode(), [(ERROR_CLASS, CODE.encode()), ("ce_id", CODE.encode())], foreign))
    await cluster.write_unreadable(topic)
    await cluster.write(topic, dead(event))

    answer = await gatepost(cluster.bootstrap, "dlq", "show", RARE, "--limit", "1000")

    assert f"<{len(foreign)} bytes>" in answer.out
    assert event.id in answer.out
    assert "cannot be unpacked (UnicodeDecodeError)" in answer.err
    assert not [canary for canary in (CODE, ADDRESS) if canary in answer.out + answer.err]
    await _emptied(cluster, RARE)  # else it would stop whoever reads the topic after us


async def test_all_of_a_topic_is_replayed_once_however_often_it_is_asked_for(cluster: Cluster) -> None:
    await _emptied(cluster, UNREAD)
    events = [closed() for _ in range(3)]
    await cluster.write(dead_letters_of(UNREAD), *map(dead, events))

    first = await gatepost(cluster.bootstrap, "dlq", "replay", UNREAD, "--all", "--limit", "2")
    rest = await gatepost(cluster.bootstrap, "dlq", "replay", UNREAD, "--all")
    none = await gatepost(cluster.bootstrap, "dlq", "replay", UNREAD, "--all")

    said = [answer.out.splitlines()[-1] for answer in (first, rest, none)]
    assert said == ["2 replayed", "1 replayed", "0 replayed"]
    sent = [each.value for each in await cluster.read(retry_of(UNREAD))]
    assert sorted(map(sent.count, map(body_of, events))) == [1, 1, 1]
    assert (await summary(cluster, UNREAD))["replayed"] >= 3


async def _emptied(cluster: Cluster, topic: str) -> None:
    if cluster.kind == "apache":
        assert (await gatepost(cluster.bootstrap, "dlq", "purge", topic, "--all", "--yes")).code == 0


async def test_a_purge_deletes_from_the_front_what_it_was_told_to(cluster: Cluster) -> None:
    if cluster.kind != "apache":
        pytest.skip("the embedded broker cannot delete")
    await _emptied(cluster, RARE)
    old, young, buried = (
        announcement(lives=-timedelta(hours=1)),
        announcement(),
        announcement(lives=-timedelta(hours=1)),
    )
    await cluster.write(dead_letters_of(RARE), dead(old), dead(young), dead(buried))

    unsure = await gatepost(cluster.bootstrap, "dlq", "purge", RARE, "--expired-only")
    assert unsure.code == 1
    assert (await summary(cluster, RARE))["letters"] == 3
    assert "1 deleted, 2 kept" in (await _purge(cluster, "--expired-only"))
    found = await letters(cluster, RARE)
    assert [each["id"] for each in found] == [young.id, buried.id]
    place = ("--partition", str(found[0]["partition"]), "--before-offset", str(found[0]["offset"] + 1))
    assert "1 deleted, 1 kept" in await _purge(cluster, *place)
    assert [each["id"] for each in await letters(cluster, RARE)] == [buried.id]
    assert "1 deleted, 0 kept" in await _purge(cluster, "--all")
    assert await letters(cluster, RARE) == []


async def _purge(cluster: Cluster, *words: str) -> str:
    answer = await gatepost(cluster.bootstrap, "dlq", "purge", RARE, *words, "--yes")
    assert (answer.code, answer.err) == (0, "")
    return answer.out


async def test_the_embedded_broker_says_that_it_deletes_nothing(cluster: Cluster) -> None:
    if cluster.kind != "embedded":
        pytest.skip("this broker can")
    await cluster.write(dead_letters_of(RARE), dead(announcement()))

    answer = await gatepost(cluster.bootstrap, "dlq", "purge", RARE, "--all", "--yes")

    assert answer.code == 69
    assert "cannot delete" in answer.err


@pytest.mark.parametrize("words", [("list",), ("show", TOPIC), ("replay", TOPIC, "--all"), ("purge", TOPIC, "--all")])
async def test_without_kafka_a_command_says_so_and_can_be_run_again(words: tuple[str, ...]) -> None:
    answer = await gatepost(f"127.0.0.1:{free_port()}", "dlq", *words)

    assert answer.code == 75
    assert answer.err.startswith("Stopped: nothing answers at GATEPOST_KAFKA=127.0.0.1:")
    assert answer.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("replay", TOPIC),
        ("replay", TOPIC, "--all", "--id", "x"),
        ("replay", TOPIC, "--partition", "1"),
        ("replay", "gatepost.rollout.region-policy.v1", "--all"),
        ("purge", TOPIC, "--before-offset", "3"),
        ("purge", TOPIC),
        ("show", TOPIC, "--partition", "1", "--offset", "-1"),
    ],
)
async def test_what_does_not_say_which_dead_letters_does_nothing(words: tuple[str, ...]) -> None:
    answer = await gatepost("127.0.0.1:1", "dlq", *words)

    assert (answer.code, answer.out) == (2, "")


async def test_a_letter_that_is_not_there_is_no_success(cluster: Cluster) -> None:
    for verb in ("show", "replay"):
        answer = await gatepost(cluster.bootstrap, "dlq", verb, NoticeDue.topic, "--id", str(uuid4()))
        assert (answer.code, answer.err) == (1, "no such dead letter\n")


async def test_every_topic_with_dead_letters_has_a_line(cluster: Cluster) -> None:
    await cluster.write(dead_letters_of(TOPIC), dead(sealed_passcode(lives=timedelta(seconds=-1))))

    head, *lines = (await gatepost(cluster.bootstrap, "dlq", "list")).out.splitlines()

    with_letters = [topic.name for topic in topics() if topic.name.endswith(DEAD_LETTER_SUFFIX)]
    assert head.split() == ["topic", "letters", "replayed", "expired", "oldest", "newest", "died", "of"]
    assert sorted(line.split()[0] for line in lines) == sorted(
        name.removesuffix(DEAD_LETTER_SUFFIX) for name in with_letters
    )
    (line,) = [line for line in lines if line.startswith(TOPIC)]
    assert "Unhandleable" in line
