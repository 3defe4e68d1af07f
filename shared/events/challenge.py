"""The way of a challenge to its mail."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Sealed


class ChallengeStep(Event):
    """What the way of a challenge to its mail has in common. The address is sealed to the notifier."""

    challenge_id: UUID
    account_id: UUID
    address: Sealed
    locale: str = Field(max_length=35)
    region: str = Field(max_length=64)
    purpose: str = Field(max_length=64)
    expires_at: AwareDatetime

    @property
    def key(self) -> str:
        return str(self.account_id)

    @property
    def worthless_after(self) -> datetime:
        return self.expires_at


class LoginChallenged(ChallengeStep):
    """A correct password was given and a passcode by email is asked for."""

    topic = "gatepost.auth.login-challenged.v1"
    type = "gatepost.auth.login-challenged.v1"
    source = "gatepost/auth"

    policy_version: int | None
    product: str = Field(max_length=64)
    client_hash: str = Field(max_length=64)

    @property
    def id(self) -> str:
        return str(self.challenge_id)


class PasscodeIssued(ChallengeStep):
    """A code exists and is to be mailed. Code and address are sealed to the notifier."""

    topic = "gatepost.otp.passcode-issued.v1"
    type = "gatepost.otp.passcode-issued.v1"
    source = "gatepost/otp"

    message_id: UUID
    code: Sealed

    @property
    def id(self) -> str:
        return str(self.message_id)


class ChallengeClosed(Event):
    """A challenge that had a code is over. `attempts`: codes that were looked at; None: nobody knows any more."""

    topic = "gatepost.otp.challenge-closed.v1"
    type = "gatepost.otp.challenge-closed.v1"
    source = "gatepost/otp"

    challenge_id: UUID
    account_id: UUID
    end: Literal["verified", "expired", "locked"]
    attempts: int | None

    @property
    def id(self) -> str:
        return str(self.challenge_id)

    @property
    def key(self) -> str:
        return str(self.account_id)
