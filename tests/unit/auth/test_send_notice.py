"""Somebody is told what happened to their account, and the action never fails for that."""

from datetime import timedelta
from uuid import uuid4

from services.auth.use_cases.send_notice import SendNotice
from shared.events import NoticeKind, SecurityNoticeDue
from shared.sealing import Sealer, Unsealer
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
