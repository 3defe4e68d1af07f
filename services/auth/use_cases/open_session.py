"""Somebody is in: a session, and the tokens of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.access import Access
from services.auth.domain.challenge import Client
from services.auth.domain.factor import Proof
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.domain.session import REFRESH_PREFIX, Scopes, Session, SessionLives


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets: always an access, and the texts of the tokens it is to keep, if any."""

    access: Access
    refresh_token: str | None = field(default=None, repr=False)
    device_token: str | None = field(default=None, repr=False)


class NewSessions(Protocol):
    async def open(self, session: Session, epoch: int) -> OpaqueToken | None:
        """The first refresh token; None where the account is closed, or in another epoch.

        Raises: DependencyUnavailable.
        """


@dataclass(frozen=True, slots=True)
class Opening:
    """`epoch`: the account's when all of it was proved.

    `bypassed_until`: the region's bypass let it in. Then it is granted less, and ends with the bypass.
    """

    account_id: UUID
    client: Client
    proof: Proof
    epoch: int
    bypassed_until: datetime | None = None


class OpenSession:
    def __init__(self, sessions: NewSessions, lives: SessionLives, scopes: Scopes, new_id: Callable[[], UUID]) -> None:
        self._sessions = sessions
        self._lives = lives
        self._scopes = scopes
        self._new_id = new_id

    async def __call__(self, opening: Opening, now: datetime, device_token: str | None = None) -> Grant | None:
        """None: the account was closed, or what was proved is void, in the meantime."""
        end = now + self._lives.whole
        session = Session(
            id=self._new_id(),
            account_id=opening.account_id,
            product=opening.client.product,
            client=opening.client.label,
            amr=opening.proof.amr,
            acr=opening.proof.acr,
            scope=self._scopes.of(bypassed=opening.bypassed_until is not None),
            auth_time=now,
            created_at=now,
            last_used_at=now,
            expires_at=min(end, opening.bypassed_until or end),
        )
        token = await self._sessions.open(session, opening.epoch)
        return None if token is None else Grant(session.access, token.text(REFRESH_PREFIX), device_token)
