"""Owners hear of new devices, used recovery codes and changed factors: from the request to the notifier's topic."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from shared.events import NoticeDetails, NoticeKind, SecurityNoticeDue
from shared.kafka import EventBus
from shared.sealing import Unsealer
from tests.integration.auth.conftest import Auth
from tests.integration.auth.signed_in import call, new_person
from tests.integration.otp.settings import NOTIFIER, otp_settings
from tests.unit.auth.totp_app import code_at
from tests.wait_until import wait_until

AGENT = "Editor 4.1 (macOS) \u202e" + "x" * 400
CLIENT = {"product": "editor", "user_agent": AGENT}


@pytest.fixture(scope="module")
async def notices(auth: Auth, kafka_bootstrap: str) -> AsyncIterator[list[SecurityNoticeDue]]:
    told: list[SecurityNoticeDue] = []

    async def keep(event: SecurityNoticeDue) -> None:
        told.append(event)

    bus = EventBus(f"reader-{uuid4()}", otp_settings(kafka_bootstrap, "redis://127.0.0.1:1/0"))
    bus.consume(SecurityNoticeDue, keep)
    bus.start()
    await wait_until(bus.healthy, 20)
    yield told
    await bus.stop()


async def signed_in(auth: Auth, username: str, code: str | None = None, **more: Any) -> dict[str, Any]:
    _, required = await auth.log_in(username, client=CLIENT)
    status, done = await auth.verify(required, code or await auth.code_for(required), **more)
    assert status == 200, done
    return dict(done)


def details_in(notice: SecurityNoticeDue) -> NoticeDetails:
    assert notice.details is not None
    opened = Unsealer(NOTIFIER).unseal(notice.details, f"details:{notice.notice_id}")
    return NoticeDetails.model_validate_json(opened)


async def test_each_is_told_once_to_the_owners_address_with_what_is_known_of_the_client(
    auth: Auth, notices: list[SecurityNoticeDue]
) -> None:
    username = await new_person(auth)
    done = await signed_in(auth, username, remember_device=True)
    token = done["access_token"]
    account_id = UUID(jwt.decode(token, options={"verify_signature": False})["sub"])
    _, offer, _ = await call(auth, "POST", "/v1/account/totp", token)
    confirm = {"code": code_at(offer["secret"], datetime.now(UTC))}
    status, confirmed, _ = await call(auth, "POST", "/v1/account/totp/confirm", token, confirm)
    assert status == 200
    await signed_in(auth, username, confirmed["recovery_codes"][0], method="recovery_code")

    def mine() -> list[SecurityNoticeDue]:
        return [notice for notice in notices if notice.account_id == account_id]

    await wait_until(lambda: len(mine()) == 3)
    by_kind = {notice.kind: details_in(notice) for notice in mine()}
    assert by_kind == {
        NoticeKind.NEW_DEVICE: NoticeDetails(device=AGENT[:120]),
        NoticeKind.FACTOR_CHANGED: NoticeDetails(device="editor", factor="totp"),
        NoticeKind.RECOVERY_CODE_USED: NoticeDetails(device=AGENT[:120]),
    }
    for notice in mine():
        assert Unsealer(NOTIFIER).unseal(notice.address, f"notice:{notice.notice_id}") == f"{username}@customer.example"
