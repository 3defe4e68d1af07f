"""Codes under attack: what parallel calls get, and what is not even a code."""

import asyncio
from collections import Counter
from collections.abc import Callable

import asyncpg
import pytest

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.person import Gateway

People = Callable[..., list[SeedAccount]]


async def test_of_100_parallel_verifies_with_the_right_code_one_succeeds(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email)
    answers = await asyncio.gather(*(gateway.verify(challenge, code) for _ in range(100)))
    assert Counter(answer.status for answer in answers) == {200: 1, 410: 99}


async def test_of_100_parallel_wrong_codes_exactly_5_are_evaluated(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    answers = await asyncio.gather(*(gateway.verify(challenge, wrong) for _ in range(100)))
    assert Counter(answer.status for answer in answers) == {401: 5, 429: 95}
    assert sorted(a.body["attempts_remaining"] for a in answers if a.status == 401) == [0, 1, 2, 3, 4]
    right = await gateway.verify(challenge, code)  # too late: the challenge is locked
    assert right.status == 429


@pytest.mark.parametrize(
    "code", ["１２３４５６", "123456\n", 123456, "12345", "123456789", "12--3456", "", None, ["123456"]]
)
async def test_what_is_not_a_code_is_refused_without_costing_an_attempt(
    code: object, gateway: Gateway, people: People
) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    await gateway.codes(ada.email)
    answer = await gateway.verify(challenge, code)  # type: ignore[arg-type]
    problem = "code-needed" if code is None else "invalid-request"
    assert (answer.status, answer.body["type"]) == (422, f"urn:gatepost:problem:{problem}")
    assert (await gateway.progress(challenge)).body["attempts_remaining"] == 5


async def test_a_token_opens_no_challenge_but_its_own(gateway: Gateway, people: People) -> None:
    ada, eve = people(2)
    hers, theirs = await gateway.log_in(ada), await gateway.log_in(eve)
    (code,) = await gateway.codes(ada.email)
    theirs.body["challenge_id"] = hers.body["challenge_id"]
    answer = await gateway.verify(theirs, code)
    assert (answer.status, answer.body["reason"]) == (410, "unknown")


async def test_an_access_token_and_a_challenge_token_do_not_stand_for_each_other(
    gateway: Gateway, people: People
) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    assert (await gateway.authz(challenge.body["challenge_token"])).status == 401
    (code,) = await gateway.codes(ada.email)
    access = (await gateway.verify(challenge, code)).body["access_token"]
    challenge.body["challenge_token"] = access
    assert (await gateway.verify(challenge, code)).status == 410


async def test_an_account_that_is_locked_after_its_challenge_gets_no_token(
    gateway: Gateway, people: People, system: LocalSystem
) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    (code,) = await gateway.codes(ada.email)
    connection = await asyncpg.connect(system.postgres.url("auth"))
    await connection.execute("UPDATE accounts SET status = 'locked' WHERE username = $1", ada.username)
    await connection.close()
    answer = await gateway.verify(challenge, code)
    assert (answer.status, answer.body["type"]) == (403, "urn:gatepost:problem:account-locked")
