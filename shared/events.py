"""The facts that services tell each other, one class per event version (DESIGN §3).

An event only ever gains optional fields; a breaking change is a new class on a new topic. Readers ignore
fields they do not know. The CloudEvents `id` is derived from the content, so that the same fact published
twice carries the same id.
"""

from abc import ABC, abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Sealed = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]+$", max_length=4096)]
"""`<key id>.<base64url libsodium sealed box>`, readable by the notifier alone (shared/sealing.py)."""

RegionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]


class Event(BaseModel, ABC):
    """A past fact. `topic` is where it lives, `type` its CloudEvents `type`, `source` its publisher."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    topic: ClassVar[str]
    type: ClassVar[str]
    source: ClassVar[str]

    @property
    @abstractmethod
    def id(self) -> str:
        """CloudEvents `id`: equal for equal facts."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Kafka message key: what must stay in order relative to itself."""

    @property
    def worthless_after(self) -> datetime | None:
        """When nobody is helped by handling this any more; None: never."""
        return None


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


class Outcome(StrEnum):
    """What became of a mail. `accepted` is the provider's promise, not delivery."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class EmailOutcome(Event):
    """A provider accepted, refused or lost a mail, or told later what became of it."""

    topic = "gatepost.notifier.email-outcome.v1"
    type = "gatepost.notifier.email-outcome.v1"
    source = "gatepost/notifier"

    message_id: UUID
    account_id: UUID
    challenge_id: UUID | None = None
    kind: Literal["passcode"] = "passcode"
    region: str = Field(max_length=64)
    provider: str = Field(max_length=32)
    outcome: Outcome
    attempt: int = Field(ge=1)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return f"{self.message_id}:{self.provider}:{self.attempt}:{self.outcome}"

    @property
    def key(self) -> str:
        return str(self.account_id)


class PolicyMode(StrEnum):
    OFF = "off"
    SHADOW = "shadow"
    RAMP = "ramp"
    ENFORCED = "enforced"
    BYPASSED = "bypassed"


class RegionPolicyChanged(Event):
    """The whole policy of one region. Compacted: the newest version is the state; never a tombstone."""

    topic = "gatepost.rollout.region-policy.v1"
    type = "gatepost.rollout.region-policy.v1"
    source = "gatepost/rollout"

    region: RegionName
    version: int = Field(ge=1)
    mode: PolicyMode
    percent: BasisPoints = 0
    salt: str = Field(min_length=8, max_length=64)
    announce_at: AwareDatetime | None = None
    enforce_at: AwareDatetime | None = None
    bypass_until: AwareDatetime | None = None
    changed_at: AwareDatetime

    @model_validator(mode="after")
    def _bypass_has_an_end(self) -> Self:
        if (self.mode is PolicyMode.BYPASSED) != (self.bypass_until is not None):
            raise ValueError("bypass_until goes with mode bypassed, and only with it")
        return self

    @property
    def id(self) -> str:
        return f"{self.region}:{self.version}"

    @property
    def key(self) -> str:
        return self.region


EVENTS: Final[tuple[type[Event], ...]] = (LoginChallenged, PasscodeIssued, EmailOutcome, RegionPolicyChanged)
