"""The mail is late, and somebody waits for it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from deploy.local.seed_data import SeedAccount
from tests.journeys.person import Answer, Gateway
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]


async def may_resend(gateway: Gateway, challenge: Answer) -> None:
    async def now() -> bool:
        at = (await gateway.progress(challenge)).body["resend_available_at"]
        return at is not None and datetime.now(UTC) >= datetime.fromisoformat(at)

    await wait_until(now)


async def test_the_first_mail_comes_after_the_second_and_its_code_works(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    await gateway.fault(delay_s=5, count=1)
    challenge = await gateway.log_in(ada)
    await may_resend(gateway, challenge)
    resent = await gateway.resend(challenge)
    (second,) = await gateway.codes(ada.email)
    assert resent.status == 202
    too_soon = await gateway.resend(challenge)
    assert (too_soon.status, too_soon.body["type"]) == (429, "urn:gatepost:problem:resend-too-soon")
    assert int(too_soon.headers["Retry-After"]) >= 1

    _, late = await gateway.codes(ada.email, at_least=2)
    assert late == second
    assert (await gateway.verify(challenge, f"{late[:4]} {late[4:]}")).status == 200
    assert (await gateway.resend(challenge)).status == 410


async def test_who_waits_sees_each_step_at_once(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    await gateway.becomes(events=["deferred", "delivered"], delay_s=1)
    challenge = await gateway.log_in(ada)
    seen: list[dict[str, Any]] = []

    async def watch() -> None:
        url = f"{gateway.auth}/v1/challenges/{challenge.body['challenge_id']}/events"
        headers = {"Authorization": f"Challenge {challenge.body['challenge_token']}"}
        async with gateway.http.get(url, headers=headers) as response:
            assert response.content_type == "text/event-stream"
            async for line in response.content:
                seen.extend([json.loads(line.removeprefix(b"data:"))] if line.startswith(b"data:") else [])

    watching = asyncio.create_task(watch())
    await wait_until(lambda: bool(seen) and seen[-1]["delivery"]["state"] == "delivered")
    assert [each["delivery"]["state"] for each in seen if each["delivery"]["state"] == "sent"]
    (code,) = await gateway.codes(ada.email)
    await gateway.verify(challenge, f"{(int(code) + 1) % 10**8:08d}")
    await wait_until(lambda: seen[-1]["attempts_remaining"] == 4)
    await gateway.verify(challenge, code)
    await asyncio.wait_for(watching, 5)

    assert (seen[-1]["state"], seen[-1]["resend_available_at"]) == ("verified", None)


async def test_two_products_at_once_have_a_code_each(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    editor = await gateway.log_in(ada, client={"product": "editor"})
    (of_editor,) = await gateway.codes(ada.email)
    viewer = await gateway.log_in(ada, client={"product": "viewer"})
    _, of_viewer = await gateway.codes(ada.email, at_least=2)

    for challenge, code in ((editor, of_viewer), (viewer, of_editor)):
        assert (await gateway.verify(challenge, code)).status == 401
    for challenge, code in ((viewer, of_viewer), (editor, of_editor)):
        assert (await gateway.verify(challenge, code)).status == 200
