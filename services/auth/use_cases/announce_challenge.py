"""A code is asked for: make the challenge and tell the OTP service."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from services.auth.domain.access import LOGIN_PURPOSE
from services.auth.domain.account import Account
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.decision import Decision
from services.auth.domain.factor import Method
from shared.events import LoginChallenged
from shared.sealing import Sealer


class AnnounceChallenge:
    """The address leaves auth sealed to the notifier."""

    def __init__(
        self,
        publish: Callable[[LoginChallenged], Awaitable[None]],
        sealer: Sealer,
        new_id: Callable[[], UUID],
        life: timedelta,
    ) -> None:
        self._publish = publish
        self._sealer = sealer
        self._new_id = new_id
        self._life = life

    async def __call__(self, account: Account, decision: Decision, client: Client, now: datetime) -> Challenge:
        """Returns once the event is safely on Kafka. Raises: DependencyUnavailable."""
        challenge = Challenge(
            id=self._new_id(),
            account_id=account.id,
            region=account.region,
            policy_version=decision.policy_version,
            reason=decision.reason,
            purpose=LOGIN_PURPOSE,
            methods=(Method.EMAIL_OTP,),
            product=client.product,
            client_hash=client.hash(),
            issued_at=now,
            expires_at=now + self._life,
        )
        await self._publish(
            LoginChallenged(
                challenge_id=challenge.id,
                account_id=account.id,
                address=self._sealer.seal(account.email, f"address:{challenge.id}"),
                locale=account.locale,
                region=account.region,
                policy_version=decision.policy_version,
                purpose=challenge.purpose,
                product=challenge.product,
                client_hash=challenge.client_hash,
                expires_at=challenge.expires_at,
            )
        )
        return challenge
