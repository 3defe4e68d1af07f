"""What SendGrid reports of a mail later, told to whoever waits for it."""

from collections.abc import Callable
from typing import Any

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.person import Answer, Gateway
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]


async def told(gateway: Gateway, challenge: Answer, state: str) -> dict[str, Any]:
    """The progress of a challenge, once its mail is in this state."""
    progress: dict[str, Any] = {}

    async def so_far() -> bool:
        progress.update((await gateway.progress(challenge)).body)
        return bool(progress["delivery"]["state"] == state)

    await wait_until(so_far, 15)
    return progress


async def test_a_delivered_mail_is_told_with_what_is_left_of_the_challenge(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    progress = await told(gateway, await gateway.log_in(ada), "delivered")
    assert (progress["state"], progress["attempts_remaining"]) == ("open", 5)


async def test_a_deferred_mail_is_told_to_be_on_its_way(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    await gateway.becomes(events=["processed", "deferred"])
    assert (await told(gateway, await gateway.log_in(ada), "deferred"))["state"] == "open"


async def test_copies_in_any_order_end_in_what_happened_last(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    await gateway.becomes(events=["processed", "deferred", "delivered"], copies=46, shuffled=True)
    await told(gateway, await gateway.log_in(ada), "delivered")


async def test_an_address_that_mail_came_back_from_is_not_mailed_until_support_clears_it(
    gateway: Gateway, people: People, system: LocalSystem
) -> None:
    (ada,) = people(1)
    await gateway.becomes(events=["processed", "bounce"])
    challenge = await gateway.log_in(ada)
    await told(gateway, challenge, "bounced")
    await gateway.clear_plans()

    await told(gateway, await gateway.log_in(ada), "dropped")
    assert await gateway.mails(ada.email) == []

    async def support(verb: str, **body: object) -> Any:
        url = f"{system.services['notifier'].url}/v1/admin/suppressions/{verb}"
        headers = {"Authorization": f"Bearer {system.keys.operators['admin']}"}
        answer = await gateway.call("POST", url, json={"address": ada.email, **body}, headers=headers)
        assert answer.status == 200
        return answer.body

    found = await support("lookup")
    assert (found["suppressed"], found["cause"]) == (True, "bounced")
    assert await support("clear", reason="the mailbox is back") == {"cleared": True}
    last = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email)
    assert (await gateway.verify(last, code)).status == 200
