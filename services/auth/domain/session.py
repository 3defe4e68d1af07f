"""A session: what a login left behind, and what its tokens may say."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.auth.domain.access import Access

REFRESH_PREFIX: Final = "gpr_"


@dataclass(frozen=True, slots=True)
class Session:
    """`client` is what its owner knows it by in a list: the user agent, or the product."""

    id: UUID
    account_id: UUID
    product: str
    client: str
    amr: tuple[str, ...]
    acr: str
    scope: tuple[str, ...]
    auth_time: datetime
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime

    @property
    def access(self) -> Access:
        return Access(
            self.account_id,
            self.product,
            self.auth_time,
            self.amr,
            self.acr,
            self.scope,
            self.id,
            not_after=self.expires_at,
        )


@dataclass(frozen=True, slots=True)
class SessionLives:
    """`whole` counts from the login, `idle` from the last refresh; `grace` is the previous token's.

    `most`: of one account at a time.
    """

    whole: timedelta
    idle: timedelta
    grace: timedelta
    most: int = 1_000


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a login is granted; without the sensitive ones where a bypass let it in."""

    granted: tuple[str, ...] = ()
    sensitive: frozenset[str] = field(default_factory=frozenset)

    def of(self, *, bypassed: bool) -> tuple[str, ...]:
        return tuple(scope for scope in self.granted if not (bypassed and scope in self.sensitive))
