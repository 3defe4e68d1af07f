"""A username and a password came in."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from services.auth.adapters.memory_throttle import MemoryThrottle
from services.auth.domain.account import AccountStatus
from services.auth.domain.challenge import Client
from services.auth.domain.decision import Decision, Outcome, Reason, Rules
from services.auth.domain.decoys import Decoys
from services.auth.domain.factor import ACR_PASSWORD, ACR_TRUSTED_DEVICE, Method
from services.auth.domain.region_policy import RegionPolicies
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.domain.session import Scopes, SessionLives
from services.auth.use_cases.admit_account import Admission, AdmitAccount, Allowed, Challenged, Refused
from services.auth.use_cases.challenge_account import ChallengeAccount, MailCode
from services.auth.use_cases.check_password import CheckPassword, Credentials
from services.auth.use_cases.log_in import LogIn
from services.auth.use_cases.open_session import OpenSession
from services.auth.use_cases.throttle_passwords import Throttled, ThrottlePasswords
from shared.events import LoginChallenged, PolicyMode
from shared.sealing import Unsealer
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import NOW, FakeAccounts, FakeDevices, FakePasswords, FakeSessions, Publisher
from tests.unit.auth.samples import ACCOUNT_ID, CLIENT_KEY, account, addresses_sealed_to, policy
from tests.unit.auth.test_throttle_passwords import LIMITS
from tests.unit.shared.samples import private_ring

NOTIFIER = private_ring("seal-1")


SCOPES = Scopes(("account", "account:security"), frozenset({"account:security"}))
LIVES = SessionLives(timedelta(days=90), timedelta(days=14), timedelta(seconds=30))
DEVICE = OpaqueToken(b"f" * 16, b"s" * 32)


@dataclass
class World:
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    passwords: FakePasswords = field(default_factory=FakePasswords)
    policies: RegionPolicies = field(default_factory=RegionPolicies)
    publisher: Publisher = field(default_factory=Publisher)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    devices: FakeDevices = field(default_factory=FakeDevices)
    refreshed: list[str] = field(default_factory=list)
    reported: list[tuple[Decision, UUID | None]] = field(default_factory=list)
    email_may_replace_totp: bool = False

    def __post_init__(self) -> None:
        self.policies.loaded = True
        ids = (UUID(int=number) for number in count(1))
        new_id = partial(next, ids)
        throttle = ThrottlePasswords(MemoryThrottle(lambda: 0), MemoryThrottle(lambda: 0), LIMITS, b"key")
        check = CheckPassword(
            self.accounts,
            self.passwords,
            Decoys(b"key", "decoy"),
            self.devices,
            throttle,
            lambda who, _: self.refreshed.append(str(who.id)),
        )
        challenge = ChallengeAccount(
            MailCode(self.publisher.publish, addresses_sealed_to(NOTIFIER)),
            new_id,
            timedelta(minutes=10),
            CLIENT_KEY,
            email_may_replace_totp=self.email_may_replace_totp,
        )
        opening = OpenSession(self.sessions, LIVES, SCOPES, new_id)
        admit = AdmitAccount(self.policies, Rules(), self.devices, opening, challenge, self._report)
        self.log_in = LogIn(check, admit, Clock(NOW))

    def _report(self, decision: Decision, account_id: UUID | None, product: str, challenge_id: UUID | None) -> None:
        self.reported.append((decision, account_id))

    async def has(self, **changes: Any) -> None:
        await self.accounts.add(account(**changes), "kim")

    async def attempt(
        self, username: str = "kim", password: str = "right", device: OpaqueToken | None = None
    ) -> Admission | Throttled:
        given = Credentials(username, password, ip_address("192.0.2.1"), device)
        return await self.log_in(given, Client("editor", "192.0.2.1", "agent"))


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
    assert event.client_hash == answer.challenge.client_hash == Client("editor", "192.0.2.1", "agent").hash(CLIENT_KEY)
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
    access = answer.grant.access
    assert (access.amr, access.acr, access.scope) == (("pwd",), ACR_PASSWORD, ("account", "account:security"))
    assert (access.audience, access.auth_time, access.session_id) == ("editor", NOW, world.sessions.opened[0].id)
    assert answer.grant.refresh_token is not None
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

    assert world.passwords.verified == ["hash:right", "decoy"]
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


async def test_a_bypass_says_password_only_takes_the_sensitive_scopes_and_ends_the_session_with_itself(
    world: World,
) -> None:
    await world.has()
    until = NOW + timedelta(hours=1)
    world.policies.apply(policy(PolicyMode.BYPASSED, bypass_until=until))
    answer = await world.attempt()

    assert isinstance(answer, Allowed)
    assert (answer.grant.access.amr, answer.grant.access.scope) == (("pwd",), ("account",))
    assert world.sessions.opened[0].expires_at == until


async def test_a_trusted_device_is_asked_for_nothing_and_gets_its_next_token(world: World) -> None:
    await world.has()
    world.policies.apply(policy())
    world.devices.account_id = ACCOUNT_ID
    answer = await world.attempt(device=DEVICE)

    assert isinstance(answer, Allowed)
    assert answer.decision.reason is Reason.TRUSTED_DEVICE
    assert (answer.grant.access.amr, answer.grant.access.acr) == (("pwd",), ACR_TRUSTED_DEVICE)
    assert answer.grant.device_token == DEVICE.successor(b"n").text("gpd_")
    assert world.publisher.events == []


async def test_a_device_token_is_not_used_up_by_a_wrong_password_or_a_closed_account(world: World) -> None:
    await world.has()
    world.devices.account_id = ACCOUNT_ID
    await world.attempt(password="wrong", device=DEVICE)
    other = World()
    await other.has(status=AccountStatus.LOCKED)
    await other.attempt(device=DEVICE)

    assert world.devices.used == other.devices.used == []


async def test_whoever_has_an_app_is_challenged_by_it_without_a_mail_even_without_kafka(world: World) -> None:
    await world.has(totp=True, recovery_codes=True)
    world.policies.apply(policy(PolicyMode.OFF))
    world.publisher.down = True
    answer = await world.attempt()

    assert isinstance(answer, Challenged)
    assert answer.challenge.methods == (Method.TOTP, Method.RECOVERY_CODE)


async def test_a_deployment_may_let_a_mail_stand_in_for_the_app_but_sends_none_unasked() -> None:
    world = World(email_may_replace_totp=True)
    await world.has(totp=True)
    answer = await world.attempt()

    assert isinstance(answer, Challenged)
    assert answer.challenge.methods == (Method.TOTP, Method.EMAIL_OTP)
    assert world.publisher.events == []


async def test_recovery_codes_let_in_while_no_mail_can_be_sent(world: World) -> None:
    await world.has(recovery_codes=True)
    with_mail = await world.attempt()
    world.publisher.down = True
    without = await world.attempt()

    assert isinstance(with_mail, Challenged)
    assert isinstance(without, Challenged)
    assert with_mail.challenge.methods == (Method.EMAIL_OTP, Method.RECOVERY_CODE)
    assert without.challenge.methods == (Method.RECOVERY_CODE,)


async def test_an_account_that_was_closed_between_password_and_session_gets_none(world: World) -> None:
    await world.has()
    world.policies.apply(policy(PolicyMode.OFF))
    world.sessions.closed = True
    answer = await world.attempt()

    assert isinstance(answer, Refused)
    assert answer.decision.reason is Reason.INVALID_CREDENTIALS


async def test_the_eleventh_wrong_password_from_an_address_is_not_looked_at(world: World) -> None:
    await world.has()
    world.policies.apply(policy(PolicyMode.OFF))
    for _ in range(10):
        assert isinstance(await world.attempt(password="wrong"), Refused)

    assert isinstance(await world.attempt(), Throttled)
    assert len(world.passwords.verified) == 10


async def test_a_right_password_costs_nothing_and_may_be_hashed_anew(world: World) -> None:
    await world.has()
    world.policies.apply(policy(PolicyMode.OFF))
    answers = [await world.attempt() for _ in range(25)]

    assert all(isinstance(answer, Allowed) for answer in answers)
    assert world.refreshed == [str(ACCOUNT_ID)] * 25


async def test_every_decision_is_reported_with_its_account(world: World) -> None:
    await world.has()
    await world.attempt()
    await world.attempt(password="wrong")
    await world.attempt("nobody")

    assert [(decision.outcome, who) for decision, who in world.reported] == [
        (Outcome.CHALLENGED, ACCOUNT_ID),
        (Outcome.REFUSED, ACCOUNT_ID),
        (Outcome.REFUSED, None),
    ]


def test_an_attempt_shows_neither_name_nor_password() -> None:
    assert "kim" not in repr(Credentials("kim", "right", None))
    assert "right" not in repr(Credentials("kim", "right", None))
    assert "customer.example" not in repr(account())


def test_a_client_is_bound_by_all_that_is_known_of_it() -> None:
    hashes = {
        client.hash(CLIENT_KEY)
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


def test_without_the_key_a_client_cannot_be_found_by_trying_addresses() -> None:
    client = Client("editor", "192.0.2.1", "agent")

    assert client.hash(CLIENT_KEY) != client.hash(b"d" * 32)
