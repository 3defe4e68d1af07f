"""Somebody who is known already is asked once more."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.challenge import Client
from services.auth.domain.decision import Decision, Outcome, Reason
from services.auth.domain.region_policy import RegionPolicies
from services.auth.use_cases.admit_account import Challenged, Refused
from services.auth.use_cases.challenge_account import ChallengeAccount, MailCode
from services.auth.use_cases.step_up import NoChallenge, StepUp, StepUpAsked
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.fakes import NOW, Publisher
from tests.unit.auth.samples import ACCOUNT_ID, CLIENT_KEY, account, addresses_sealed_to, policy
from tests.unit.shared.samples import private_ring

CHALLENGE_ID = UUID(int=1)


@dataclass
class World:
    account: Account | None = field(default_factory=account)
    publisher: Publisher = field(default_factory=Publisher)
    reported: list[tuple[Decision, UUID | None, str, UUID | None]] = field(default_factory=list)

    async def find_by_id(self, account_id: UUID) -> Account | None:
        return self.account

    async def ask(self) -> Challenged | Refused | NoChallenge:
        policies = RegionPolicies()
        policies.apply(policy())
        mail_code = MailCode(self.publisher.publish, addresses_sealed_to(private_ring("seal-1")))
        life = timedelta(minutes=10)
        challenge = ChallengeAccount(mail_code, lambda: CHALLENGE_ID, life, CLIENT_KEY, email_may_replace_totp=False)
        step_up = StepUp(self, policies, challenge, lambda *told: self.reported.append(told), Clock(NOW))
        return await step_up(StepUpAsked(ACCOUNT_ID, "payment", Client("shop")))


async def test_a_challenge_is_reported_with_account_product_and_its_id() -> None:
    world = World()
    answer = await world.ask()

    assert isinstance(answer, Challenged)
    decision = Decision(Outcome.CHALLENGED, Reason.STEP_UP, 7, "emea")
    assert world.reported == [(decision, ACCOUNT_ID, "shop", CHALLENGE_ID)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"sso": True}, Reason.USE_SSO), ({"status": AccountStatus.LOCKED}, Reason.ACCOUNT_LOCKED)],
)
async def test_a_refusal_is_reported_without_a_challenge(changes: dict[str, Any], reason: Reason) -> None:
    world = World(account(**changes))
    await world.ask()

    assert world.reported == [(Decision(Outcome.REFUSED, reason, None, "emea"), ACCOUNT_ID, "shop", None)]


async def test_a_challenge_that_could_not_be_made_is_not_reported() -> None:
    world = World()
    world.publisher.down = True
    with pytest.raises(DependencyUnavailable):
        await world.ask()

    assert world.reported == []


async def test_nothing_is_decided_about_nobody() -> None:
    world = World(None)

    assert await world.ask() is NoChallenge.UNKNOWN_ACCOUNT
    assert world.reported == []
