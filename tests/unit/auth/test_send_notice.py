"""Somebody is told what happened to their account, and the action never fails for that."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.auth.use_cases.send_notice import SendNotice
from shared.events import Event, NoticeDetails, NoticeKind, SecurityNoticeDue
from shared.sealing import Sealer, Unsealable, Unsealer
from tests.fakes import NOW, Publisher
from tests.unit.auth.samples import ACCOUNT_ID, account
from tests.unit.shared.samples import private_ring, public_ring
from tests.wait_until import wait_until

NOTIFIER = private_ring("seal-1")
ADDRESS = "kim@customer.example"
LIFE = timedelta(days=1)


def send_notice(kafka: Publisher) -> SendNotice:
    return SendNotice(kafka.publish, Sealer(public_ring(NOTIFIER)), uuid4, LIFE)


async def tell(send: SendNotice) -> None:
    await send(NoticeKind.EMAIL_CHANGED, account(), NOW)


async def test_the_notice_is_on_kafka_when_the_call_returns_with_the_address_for_the_notifier_alone() -> None:
    kafka = Publisher()
    await tell(send_notice(kafka))
    (notice,) = kafka.events
    assert isinstance(notice, SecurityNoticeDue)
    assert (notice.kind, notice.account_id, notice.locale, notice.region) == (
        NoticeKind.EMAIL_CHANGED,
        ACCOUNT_ID,
        "de",
        "emea",
    )
    assert (notice.at, notice.expires_at) == (NOW, NOW + LIFE)
    assert ADDRESS not in notice.model_dump_json()
    assert Unsealer(NOTIFIER).unseal(notice.address, f"notice:{notice.notice_id}") == ADDRESS


async def test_what_others_chose_to_call_themselves_travels_sealed_and_opens_in_its_own_notice_only() -> None:
    kafka = Publisher()
    details = NoticeDetails(device="Ed\u202e\r\nBcc: x@y.example", factor="totp")
    for _ in range(2):
        await send_notice(kafka)(NoticeKind.FACTOR_CHANGED, account(), NOW, details)
    first, second = kafka.events
    assert isinstance(first, SecurityNoticeDue)
    assert isinstance(second, SecurityNoticeDue)

    assert first.details is not None
    assert "Bcc" not in first.model_dump_json()
    opened = Unsealer(NOTIFIER).unseal(first.details, f"details:{first.notice_id}")
    assert NoticeDetails.model_validate_json(opened) == details
    with pytest.raises(Unsealable):
        Unsealer(NOTIFIER).unseal(first.details, f"details:{second.notice_id}")


async def test_the_longest_details_fit() -> None:
    kafka = Publisher()
    details = NoticeDetails(device="\U0001f511" * 256, place="\U0001f511" * 256, factor="recovery-codes")
    await send_notice(kafka)(NoticeKind.NEW_DEVICE, account(), NOW, details)

    assert len(kafka.events) == 1


async def test_a_login_does_not_wait_for_a_kafka_that_hangs() -> None:
    taken, hanging = list[Event](), asyncio.Event()

    async def publish(event: Event) -> None:
        await hanging.wait()
        taken.append(event)

    send = SendNotice(publish, Sealer(public_ring(NOTIFIER)), uuid4, LIFE)
    async with asyncio.timeout(1):
        await send.behind_the_answer(NoticeKind.NEW_DEVICE, account(), NOW)
    assert taken == []
    hanging.set()
    await wait_until(lambda: len(taken) == 1)


async def test_two_notices_have_ids_of_their_own() -> None:
    kafka = Publisher()
    send = send_notice(kafka)
    await tell(send)
    await tell(send)
    assert len({event.id for event in kafka.events}) == 2


async def test_without_kafka_the_action_goes_on_and_the_notice_follows_when_kafka_is_back() -> None:
    kafka = Publisher(down=True)
    send = send_notice(kafka)
    await tell(send)
    assert kafka.events == []
    kafka.down = False
    await wait_until(lambda: len(kafka.events) == 1)


async def test_a_notice_that_still_waits_is_published_before_the_service_stops() -> None:
    kafka = Publisher(down=True)
    send = send_notice(kafka)
    await tell(send)
    kafka.down = False
    await send.stop()
    assert len(kafka.events) == 1
