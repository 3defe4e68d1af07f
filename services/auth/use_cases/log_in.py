"""A username and a password came in: decide, and have a code sent if one is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.auth.domain.access import Access
from services.auth.domain.account import Account, username_key
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.decision import Decision, Evidence, Outcome, Rules, decide
from services.auth.domain.factor import PASSWORD
from services.auth.domain.region_policy import RegionPolicies
from services.auth.use_cases.announce_challenge import AnnounceChallenge
from shared.unavailable import DependencyUnavailable


@dataclass(frozen=True, slots=True)
class Attempt:
    username: str = field(repr=False)
    password: str = field(repr=False)
    client: Client


@dataclass(frozen=True, slots=True)
class Refused:
    decision: Decision


@dataclass(frozen=True, slots=True)
class Allowed:
    decision: Decision
    access: Access


@dataclass(frozen=True, slots=True)
class Challenged:
    decision: Decision
    challenge: Challenge


class Accounts(Protocol):
    async def find(self, key: str) -> Account | None:
        """The account whose `username_key` is `key`."""


class Passwords(Protocol):
    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Takes the same time for None, and is False then."""


class LogIn:
    """One SELECT, one Argon2id, one decision, one Kafka message; no write to the database."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        policies: RegionPolicies,
        announce: AnnounceChallenge,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._policies = policies
        self._announce = announce
        self._now = now

    async def __call__(self, attempt: Attempt) -> Refused | Allowed | Challenged:
        """Raises: DependencyUnavailable, also while no region policy is known at all: never "no code needed"."""
        if not self._policies.loaded:
            raise DependencyUnavailable("region-policy")
        account = await self._accounts.find(username_key(attempt.username))
        correct = await self._passwords.verify(account.password_hash if account else None, attempt.password)
        now = self._now()
        policy = self._policies.of(account.region) if account else None
        decision = decide(account, Evidence(correct, now), policy, Rules())
        if account is None or decision.outcome is Outcome.REFUSED:
            return Refused(decision)
        if decision.outcome is Outcome.CHALLENGED:
            return Challenged(decision, await self._announce(account, decision, attempt.client, now))
        return Allowed(decision, Access(account.id, attempt.client.product, now, PASSWORD.amr, PASSWORD.acr))
