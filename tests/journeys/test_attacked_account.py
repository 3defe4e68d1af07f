"""Somebody else has the password and keeps trying; the owner still gets in."""

from collections import Counter
from collections.abc import Callable

from deploy.local.seed_data import SeedAccount
from tests.journeys.person import Gateway

People = Callable[..., list[SeedAccount]]

ADDRESSES = 60


async def test_sixty_addresses_get_fifteen_guesses_and_the_owner_has_other_ways_in(
    gateway: Gateway, people: People
) -> None:
    owner, neighbour = people(2)
    challenge = await gateway.log_in(owner)
    (code,) = await gateway.codes(owner.email)
    own = (await gateway.verify(challenge, code, remember_device=True)).body
    made = await gateway.as_owner("POST", "/v1/account/recovery-codes", own["access_token"])
    assert made.status in (200, 201), made.body

    answers: Counter[int] = Counter()
    for number in range(ADDRESSES):
        begun = await gateway.log_in(owner, client={"product": "editor", "ip": f"203.0.113.{number}"})
        assert begun.status == 202
        for typed in range(6):
            answer = await gateway.verify(begun, f"{number * 10 + typed:08d}")
            while answer.status == 409:  # its code is on the way
                answer = await gateway.verify(begun, f"{number * 10 + typed:08d}")
            answers[answer.status] += 1
    last = (await gateway.progress(begun)).body
    mails = len(await gateway.codes(owner.email))

    assert answers[401] == 15
    assert answers[200] == 0
    assert set(answers) == {401, 429}
    assert (last["state"], last["retry_at"] is not None) == ("refused", True)  # five that are open are enough
    assert mails <= 1 + 3 + 5
    trusted = await gateway.log_in(owner, device_token=own["device_token"])
    assert (trusted.status, trusted.body["decision"]["reason"]) == (200, "trusted-device")
    listed = await gateway.verify(await gateway.log_in(owner), made.body["recovery_codes"][0], method="recovery_code")
    assert listed.status == 200
    assert (await gateway.log_in(neighbour)).status == 202  # nobody else is touched
