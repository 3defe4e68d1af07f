"""A username and a password came in."""

from collections.abc import Callable
from datetime import datetime

from services.auth.domain.challenge import Client
from services.auth.use_cases.admit_account import Admission, AdmitAccount
from services.auth.use_cases.check_password import CheckPassword, Credentials
from services.auth.use_cases.throttle_passwords import Throttled


class LogIn:
    def __init__(self, check: CheckPassword, admit: AdmitAccount, now: Callable[[], datetime]) -> None:
        self._check = check
        self._admit = admit
        self._now = now

    async def __call__(self, given: Credentials, client: Client) -> Admission | Throttled:
        """Raises: DependencyUnavailable, also while no region policy is known at all: never "no code needed"."""
        self._admit.require_policies()
        checked = await self._check(given, self._now())
        if isinstance(checked, Throttled):
            return checked
        now = self._now()
        if checked.account is None or not checked.correct:
            return self._admit.refuse(checked.account, client, now)
        return await self._admit(checked.account, client, given.device, now)
