"""Whom the notifier does not mail, and how much a provider takes: what a plan must know before it asks for codes."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event


class AccountSuppressed(Event):
    """Mail for the account came back: it gets none until then. Compacted.

    `until` None: it is mailed again, since support took its address off the list. `at`: when it came to be so.
    """

    topic = "gatepost.notifier.account-suppressed.v1"
    type = "gatepost.notifier.account-suppressed.v1"
    source = "gatepost/notifier"

    account_id: UUID
    region: str = Field(max_length=64)
    until: AwareDatetime | None
    at: AwareDatetime

    @property
    def id(self) -> str:
        ends = self.until.isoformat() if self.until else "mailed-again"
        return f"{self.account_id}:{ends}:{self.at.isoformat()}"

    @property
    def key(self) -> str:
        return str(self.account_id)


class ProviderLimitObserved(Event):
    """How much a provider takes, in mails of all kinds and all notifiers together. Compacted.

    `most_per_minute`: the most that it took in a minute in which it asked for no patience. `limit_per_minute`: what it
    took in the newest minute in which it did; None: it never did, or has taken more since. `set_per_minute`: what we
    let through to it at most. `at`: the end of the minute that this is known since.
    """

    topic = "gatepost.notifier.provider-limit.v1"
    type = "gatepost.notifier.provider-limit.v1"
    source = "gatepost/notifier"

    provider: str = Field(min_length=1, max_length=32)
    most_per_minute: int = Field(ge=0)
    limit_per_minute: int | None = Field(ge=0)
    set_per_minute: int = Field(ge=1)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return f"{self.provider}:{round(self.at.timestamp())}"

    @property
    def key(self) -> str:
        return self.provider
