"""More than a password is asked for: make the challenge, and tell the OTP service where a mail answers it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.auth.domain.access import LOGIN_PURPOSE
from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.decision import Decision
from services.auth.domain.factor import Method
from services.auth.use_cases.code_addresses import CodeAddresses
from shared.events import LoginChallenged
from shared.unavailable import DependencyUnavailable


@dataclass(frozen=True, slots=True)
class Asked:
    """What a challenge is made for.

    `session_id`: the session that a step-up is asked for in; `new_address`, encrypted: the one to be confirmed.
    """

    decision: Decision
    client: Client
    purpose: str = LOGIN_PURPOSE
    session_id: UUID | None = None
    new_address: str | None = None


class MailCode:
    """Publishes LoginChallenged."""

    def __init__(self, publish: Callable[[LoginChallenged], Awaitable[None]], addresses: CodeAddresses) -> None:
        self._publish = publish
        self._addresses = addresses

    async def __call__(self, account: Account, challenge: Challenge) -> None:
        """Returns once the event is safely on Kafka; the same challenge again is the same code. Raises:
        DependencyUnavailable."""
        await self._publish(
            LoginChallenged(
                challenge_id=challenge.id,
                account_id=account.id,
                address=self._addresses.sealed(account, challenge),
                locale=account.locale,
                region=account.region,
                policy_version=challenge.policy_version,
                purpose=challenge.purpose,
                product=challenge.product,
                client_hash=challenge.client_hash,
                expires_at=challenge.expires_at,
            )
        )


class ChallengeAccount:
    """Who has an authenticator app is not mailed unless they ask; `email_may_replace_totp`: whether they may.

    `client_key`: 32 bytes, for the hash of the client.
    """

    def __init__(
        self,
        mail_code: MailCode,
        new_id: Callable[[], UUID],
        life: timedelta,
        client_key: bytes,
        *,
        email_may_replace_totp: bool,
    ) -> None:
        self._mail_code = mail_code
        self._new_id = new_id
        self._life = life
        self._client_key = client_key
        self._email_may_replace_totp = email_may_replace_totp

    async def __call__(self, account: Account, asked: Asked, now: datetime) -> Challenge:
        """Raises: DependencyUnavailable, where a mail is the only way and none can be sent."""
        challenge = Challenge(
            id=self._new_id(),
            account_id=account.id,
            region=account.region,
            policy_version=asked.decision.policy_version,
            reason=asked.decision.reason,
            purpose=asked.purpose,
            methods=self._methods(account),
            product=asked.client.product,
            label=asked.client.label,
            client_hash=asked.client.hash(self._client_key),
            issued_at=now,
            expires_at=now + self._life,
            session_id=asked.session_id,
            new_address=asked.new_address,
            epoch=account.epoch,
        )
        if challenge.methods[0] is Method.EMAIL_OTP:
            return await self._mailed(account, challenge)
        return challenge

    async def _mailed(self, account: Account, challenge: Challenge) -> Challenge:
        try:
            await self._mail_code(account, challenge)
        except DependencyUnavailable:
            others = challenge.methods[1:]
            if not others:
                raise
            return replace(challenge, methods=others)  # a recovery code works without mail
        return challenge

    def _methods(self, account: Account) -> tuple[Method, ...]:
        recovery = (Method.RECOVERY_CODE,) if account.recovery_codes else ()
        if not account.totp:
            return (Method.EMAIL_OTP, *recovery)
        email = (Method.EMAIL_OTP,) if self._email_may_replace_totp else ()
        return (Method.TOTP, *recovery, *email)
