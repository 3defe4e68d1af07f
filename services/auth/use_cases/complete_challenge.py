"""A challenge was met: what it was for is done now."""

from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.factor import Method, Proof, proof_of, stepped_up
from services.auth.domain.session import Session
from services.auth.use_cases.change_email import ChangeEmail
from services.auth.use_cases.open_session import Grant, Opening, OpenSession
from services.auth.use_cases.tell_owner import TellOwner
from services.auth.use_cases.trust_device import TrustDevice
from shared.events import NoticeDetails, NoticeKind

SESSION_PURPOSE: Final = "session"


class RaisableSessions(Protocol):
    async def step_up(self, session_id: UUID, account_id: UUID, proof: Proof, now: datetime) -> Session | None:
        """The session, now as strong and recent as the proof; None: it has ended. Raises: DependencyUnavailable."""


class CompleteChallenge:
    """A login opens a session; a session that asked to be stronger becomes so; any other purpose gets a token that
    is good for that purpose alone; a code from a new address makes it the account's."""

    def __init__(
        self,
        open_session: OpenSession,
        sessions: RaisableSessions,
        trust: TrustDevice,
        change_email: ChangeEmail,
        tell: TellOwner,
    ) -> None:
        self._open_session = open_session
        self._sessions = sessions
        self._trust = trust
        self._change_email = change_email
        self._tell = tell

    async def __call__(self, challenge: Challenge, method: Method, remember: bool, now: datetime) -> Grant | None:
        """None: the account was closed, or the session ended, in the meantime. Raises: DependencyUnavailable."""
        if method is Method.RECOVERY_CODE:  # used up by now, whatever becomes of the rest
            details = NoticeDetails(device=challenge.label)
            await self._tell(NoticeKind.RECOVERY_CODE_USED, challenge.account_id, now, details)
        proof = proof_of(method)
        if challenge.purpose == LOGIN_PURPOSE:
            return await self._log_in(challenge, proof, remember, now)
        if challenge.purpose == SESSION_PURPOSE and challenge.session_id is not None:
            session = await self._sessions.step_up(challenge.session_id, challenge.account_id, proof, now)
            return Grant(session.access) if session else None
        if challenge.new_address is not None and not await self._change_email.finish(challenge, now):
            return None
        once = stepped_up(method)
        return Grant(
            Access(
                challenge.account_id,
                challenge.product,
                now,
                once.amr,
                once.acr,
                session_id=challenge.session_id,
                purpose=challenge.purpose,
            )
        )

    async def _log_in(self, challenge: Challenge, proof: Proof, remember: bool, now: datetime) -> Grant | None:
        client = Client(challenge.product, user_agent=challenge.label)
        grant = await self._open_session(Opening(challenge.account_id, client, proof, challenge.epoch), now)
        if grant is None or not remember:
            return grant
        device_token = await self._trust(challenge.account_id, challenge.label, challenge.epoch, now)
        return replace(grant, device_token=device_token)
