"""A username and a password came in."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from services.auth.domain.account import AccountStatus
from services.auth.domain.challenge import Client
from services.auth.domain.decision import Outcome, Reason
from services.auth.domain.factor import ACR_PASSWORD
from services.auth.domain.region_policy import RegionPolicies
from services.auth.use_cases.announce_challenge import AnnounceChallenge
from services.auth.use_cases.log_in import Allowed, Attempt, Challenged, LogIn, Refused
from shared.events import LoginChallenged, PolicyMode
from shared.sealing import Sealer, Unsealer
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import NOW, FakeAccounts, FakePasswords, Publisher
from tests.unit.auth.samples import account, policy
from tests.unit.shared.samples import private_ring, public_ring

NOTIFIER = private_ring("seal-1")


@dataclass
class World:
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    passwords: FakePasswords = field(default_factory=FakePasswords)
    policies: RegionPolicies = field(default_factory=RegionPolicies)
    publisher: Publisher = field(default_factory=Publisher)

    def __post_init__(self) -> None:
        self.policies.loaded = True
        ids = count(1)
        announce = AnnounceChallenge(
            self.publisher.publish, Sealer(public_ring(NOTIFIER)), lambda: UUID(int=next(ids)), timedelta(minutes=10)
        )
        self.log_in = LogIn(self.accounts, self.passwords, self.policies, announce, Clock(NOW))

    async def has(self, **changes: Any) -> None:
        await self.accounts.add(account(**changes), "kim")

    async def attempt(
        self, username: str = "kim", password: str = "right", product: str = "editor"
    ) -> Refused | Allowed | Challenged:
        return await self.log_in(Attempt(username, password, Client(product, "192.0.2.1", "agent")))


@pytest.fixture
def world() -> World:
    return World()


async def test_an_enforced_region_challenges_and_tells_the_otp_service(world: World) -> None:
    await world.has()
    world.policies.apply(policy())
    answer = await world.attempt()

    assert isinstance(answer, Challenged)
    assert answer.challenge.id == UUID(int=1)
    assert answer.challenge.expires_at == NOW + timedelta(minutes=10)
    (event,) = world.publisher.events
    assert isinstance(event, LoginChallenged)
    assert (event.challenge_id, event.account_id) == (answer.challenge.id, answer.challenge.account_id)
    assert (event.policy_version, event.region, event.product) == (7, "emea", "editor")
    assert event.client_hash == answer.challenge.client_hash
    assert event.expires_at == answer.challenge.expires_at


async def test_the_address_leaves_sealed_to_this_challenge(world: World) -> None:
    await world.has()
    await world.attempt()
    (event,) = world.publisher.events
    assert isinstance(event, LoginChallenged)

    assert "customer.example" not in event.model_dump_json()
    assert Unsealer(NOTIFIER).unseal(event.address, f"address:{event.challenge_id}") == "kim@customer.example"


async def test_two_logins_are_two_challenges(world: World) -> None:
    await world.has()
    answers = [await world.attempt(), await world.attempt()]

    assert [answer.challenge.id.int for answer in answers if isinstance(answer, Challenged)] == [1, 2]


async def test_while_kafka_is_away_nobody_is_told_that_a_code_is_coming(world: World) -> None:
    await world.has()
    world.publisher.down = True

    with pytest.raises(DependencyUnavailable):
        await world.attempt()


async def test_an_unknown_region_is_challenged(world: World) -> None:
    await world.has(region="nowhere")
    world.policies.apply(policy(PolicyMode.OFF))
    answer = await world.attempt()

    assert isinstance(answer, Challenged)
    assert answer.decision.reason is Reason.REGION_UNKNOWN


async def test_a_region_that_is_off_lets_in_without_an_event(world: World) -> None:
    await world.has()
    world.policies.apply(policy(PolicyMode.OFF))
    answer = await world.attempt()

    assert isinstance(answer, Allowed)
    assert (answer.access.amr, answer.access.acr) == (("pwd",), ACR_PASSWORD)
    assert (answer.access.audience, answer.access.auth_time) == ("editor", NOW)
    assert world.publisher.events == []


async def test_shadow_lets_in_and_says_what_it_would_have_done(world: World) -> None:
    await world.has()
    world.policies.apply(policy(PolicyMode.SHADOW))
    answer = await world.attempt()

    assert isinstance(answer, Allowed)
    assert answer.decision.outcome is Outcome.WOULD_CHALLENGE
    assert world.publisher.events == []


@pytest.mark.parametrize("changes", [{"sso": True}, {"status": AccountStatus.LOCKED}])
async def test_a_refused_account_gets_no_mail(world: World, changes: dict[str, Any]) -> None:
    await world.has(**changes)
    answer = await world.attempt()

    assert isinstance(answer, Refused)
    assert world.publisher.events == []


async def test_a_wrong_password_an_unknown_user_and_one_without_password_are_answered_alike(world: World) -> None:
    await world.has()
    await world.accounts.add(account(password_hash=None), "no-password")
    answers = [await world.attempt(password="wrong"), await world.attempt("nobody"), await world.attempt("no-password")]

    assert answers[0] == answers[1] == answers[2]
    assert isinstance(answers[0], Refused)
    assert answers[0].decision.region is None
    assert world.publisher.events == []


async def test_an_unknown_user_costs_the_same_work(world: World) -> None:
    await world.has()
    await world.attempt(password="wrong")
    await world.attempt("nobody")

    assert world.passwords.verified == ["hash:right", None]
    assert world.accounts.looked_for == ["kim", "nobody"]


async def test_a_name_is_found_however_it_is_typed(world: World) -> None:
    await world.has()

    assert isinstance(await world.attempt(" ＫＩＭ "), Challenged)


@pytest.mark.parametrize("username", ["kim", "nobody"])
async def test_without_any_policy_nothing_is_looked_at(world: World, username: str) -> None:
    await world.has(own_mfa=True)
    world.policies.loaded = False

    with pytest.raises(DependencyUnavailable) as caught:
        await world.attempt(username)

    assert caught.value.dependency == "region-policy"
    assert world.accounts.looked_for == []
    assert world.passwords.verified == []


def test_an_attempt_shows_neither_name_nor_password() -> None:
    assert "kim" not in repr(Attempt("kim", "right", Client()))
    assert "right" not in repr(Attempt("kim", "right", Client()))
    assert "customer.example" not in repr(account())


def test_a_client_is_bound_by_all_that_is_known_of_it() -> None:
    hashes = {
        client.hash()
        for client in (
            Client(),
            Client("editor"),
            Client(ip="192.0.2.1"),
            Client(user_agent="192.0.2.1"),
            Client(ip=""),
        )
    }

    assert len(hashes) == 5
    assert all(len(each) == 64 for each in hashes)
