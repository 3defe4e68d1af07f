"""The password was right, says our check or a caller that keeps its own: what else is asked for?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.decision import Decision, DeviceStanding, Evidence, Outcome, Reason, Rules, decide
from services.auth.domain.device import DEVICE_PREFIX
from services.auth.domain.factor import PASSWORD, TRUSTED_DEVICE
from services.auth.domain.region_policy import RegionPolicies
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.use_cases.challenge_account import Asked, ChallengeAccount
from services.auth.use_cases.open_session import Grant, Opening, OpenSession
from shared.events import RegionPolicyChanged
from shared.unavailable import DependencyUnavailable


@dataclass(frozen=True, slots=True)
class Refused:
    decision: Decision


@dataclass(frozen=True, slots=True)
class Allowed:
    decision: Decision
    grant: Grant


@dataclass(frozen=True, slots=True)
class Challenged:
    decision: Decision
    challenge: Challenge


Admission = Refused | Allowed | Challenged
Reports = Callable[[Decision, UUID | None, str, UUID | None], None]
"""(decision, account id, product, challenge id): told to whoever counts; never fails, never waits."""


class UsesDevices(Protocol):
    async def use(
        self, token: OpaqueToken, account_id: UUID, now: datetime
    ) -> tuple[DeviceStanding, OpaqueToken | None]:
        """What the token is worth, and the one to keep instead of it. Raises: DependencyUnavailable."""


class AdmitAccount:
    """One decision; a session, or one Kafka message."""

    def __init__(
        self,
        policies: RegionPolicies,
        rules: Rules,
        devices: UsesDevices,
        open_session: OpenSession,
        challenge: ChallengeAccount,
        report: Reports,
    ) -> None:
        self._policies = policies
        self._rules = rules
        self._devices = devices
        self._open_session = open_session
        self._challenge = challenge
        self._report = report

    def require_policies(self) -> None:
        """Raises: DependencyUnavailable while no region policy is known at all: never "no code needed"."""
        if not self._policies.loaded:
            raise DependencyUnavailable("region-policy")

    def refuse(self, account: Account | None, client: Client, now: datetime) -> Refused:
        """The password was wrong, or there is no such account; both are told alike."""
        decision = decide(account, Evidence(password_correct=False, now=now), None, self._rules)
        self._report(decision, account.id if account else None, client.product, None)
        return Refused(decision)

    async def __call__(self, account: Account, client: Client, device: OpaqueToken | None, now: datetime) -> Admission:
        """Raises: DependencyUnavailable."""
        self.require_policies()
        standing, successor = await self._look_at(device, account, now)
        policy = self._policies.of(account.region)
        decision = decide(account, Evidence(True, now, standing), policy, self._rules)
        device_token = successor.text(DEVICE_PREFIX) if successor else None
        admission = await self._act_on(decision, account, client, policy, device_token, now)
        challenge_id = admission.challenge.id if isinstance(admission, Challenged) else None
        self._report(admission.decision, account.id, client.product, challenge_id)
        return admission

    async def _look_at(
        self, device: OpaqueToken | None, account: Account, now: datetime
    ) -> tuple[DeviceStanding, OpaqueToken | None]:
        if device is None or not account.may_sign_in:  # a token that can spare nothing is not used up
            return DeviceStanding.NONE, None
        return await self._devices.use(device, account.id, now)

    async def _act_on(
        self,
        decision: Decision,
        account: Account,
        client: Client,
        policy: RegionPolicyChanged | None,
        device_token: str | None,
        now: datetime,
    ) -> Admission:
        if decision.outcome is Outcome.REFUSED:
            return Refused(decision)
        if decision.outcome is Outcome.CHALLENGED:
            return Challenged(decision, await self._challenge(account, Asked(decision, client), now))
        bypassed = decision.reason is Reason.REGION_BYPASSED and policy is not None
        opening = Opening(
            account.id,
            client,
            TRUSTED_DEVICE if decision.reason is Reason.TRUSTED_DEVICE else PASSWORD,
            account.epoch,
            bypassed_until=policy.bypass_until if bypassed and policy else None,
        )
        grant = await self._open_session(opening, now, device_token)
        if grant is None:
            return Refused(Decision(Outcome.REFUSED, Reason.INVALID_CREDENTIALS))  # void meanwhile: ask again
        return Allowed(decision, grant)
