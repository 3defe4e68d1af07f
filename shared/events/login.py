"""What was decided about a login, and which sessions have ended before their time."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event


class LoginOutcome(Event):
    """One decision: who was let in, asked for a code, or refused, and why. Names nobody but by account id."""

    topic = "gatepost.auth.login-outcome.v1"
    type = "gatepost.auth.login-outcome.v1"
    source = "gatepost/auth"

    attempt_id: UUID
    account_id: UUID | None
    challenge_id: UUID | None = None
    outcome: str = Field(max_length=32)
    reason: str = Field(max_length=64)
    method: str | None = Field(None, max_length=32)
    region: str | None = Field(None, max_length=64)
    policy_version: int | None = None
    product: str = Field(max_length=64)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return str(self.attempt_id)

    @property
    def key(self) -> str:
        return str(self.account_id or self.attempt_id)


class SessionRevoked(Event):
    """Access tokens of this session hold no longer. Compacted; of no use once the last of them has expired."""

    topic = "gatepost.auth.session-revoked.v1"
    type = "gatepost.auth.session-revoked.v1"
    source = "gatepost/auth"

    session_id: UUID
    revoked_at: AwareDatetime
    tokens_expire_at: AwareDatetime

    @property
    def id(self) -> str:
        return str(self.session_id)

    @property
    def key(self) -> str:
        return str(self.session_id)
