"""One login from the password to the token."""

from collections.abc import Callable

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.journeys.conftest import ReleaseManager
from tests.journeys.person import Gateway
from tests.wait_until import wait_until

People = Callable[..., list[SeedAccount]]


async def test_a_code_from_the_mail_completes_the_login(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    challenge = await gateway.log_in(ada)
    assert challenge.status == 202
    assert challenge.body["decision"]["reason"] == "region-enforced"
    assert challenge.body["methods"] == ["email_otp"]

    (code,) = await gateway.codes(ada.email)
    verified = await gateway.verify(challenge, code)
    assert verified.status == 200
    assert (verified.body["amr"], verified.body["acr"]) == (["pwd", "otp"], "urn:gatepost:acr:email-otp")
    assert verified.body["decision"]["outcome"] == "completed"

    authz = await gateway.authz(verified.body["access_token"])
    assert authz.status == 200
    assert authz.headers["X-Auth-Amr"] == "pwd otp"


async def test_a_code_serves_once_and_only_its_own_challenge(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    first, second = await gateway.log_in(ada), await gateway.log_in(ada)  # two products at once
    by_challenge = {}
    for code in await gateway.codes(ada.email, at_least=2):
        for challenge in (first, second):
            if challenge.body["challenge_id"] not in by_challenge:
                answer = await gateway.verify(challenge, code)
                if answer.status == 200:
                    by_challenge[challenge.body["challenge_id"]] = code
                    break
    assert len(set(by_challenge)) == 2  # each is served by its own code, none killed the other
    again = await gateway.verify(first, by_challenge[first.body["challenge_id"]])
    assert (again.status, again.body["reason"]) == (410, "used")


KINDS = {
    "gus": (403, "use-sso"),
    "hana": (200, "own-mfa"),
    "emi": (200, "region-shadow"),
    "flavia": (200, "region-off"),
    "ines": (202, "region-unknown"),
    "ada": (202, "region-enforced"),
}


async def test_accounts_of_each_kind_are_asked_for_what_they_should_be(gateway: Gateway, system: LocalSystem) -> None:
    answers = {}
    for account in system.accounts:
        if account.username in KINDS:
            answer = await gateway.log_in(account)
            answers[account.username] = (answer.status, answer.body["decision"]["reason"])
    assert answers == KINDS


async def test_the_wrong_password_and_an_unknown_user_get_the_same_answer(gateway: Gateway, people: People) -> None:
    (ada,) = people(1)
    wrong = await gateway.log_in(ada, password="not it")
    unknown = await gateway.log_in(ada, username="nobody", password="not it")
    assert wrong.status == unknown.status == 401
    assert wrong.body == unknown.body


async def test_toggling_a_region_changes_the_next_login(
    gateway: Gateway, people: People, release_manager: ReleaseManager
) -> None:
    (person,) = people(1, region="toggled")
    for mode, status in (("off", 200), ("enforced", 202), ("off", 200)):
        version = await release_manager.set_mode("toggled", mode)

        async def applied(version: int = version) -> bool:
            decision = (await gateway.log_in(person)).body["decision"]
            return bool(decision["policy_version"] == version)

        await wait_until(applied, within_s=2)
        assert (await gateway.log_in(person)).status == status
