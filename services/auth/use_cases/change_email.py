"""The owner wants codes to go to another address: prove the new one, change it, tell the old one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from services.auth.domain.access import Access
from services.auth.domain.account import Account
from services.auth.domain.audit import Action, AuditEntry, owner
from services.auth.domain.challenge import Challenge, Client
from services.auth.domain.decision import Decision, Outcome, Reason
from services.auth.use_cases.accounts_by_id import AccountsById
from services.auth.use_cases.challenge_account import Asked, ChallengeAccount
from services.auth.use_cases.code_addresses import CodeAddresses
from services.auth.use_cases.tell_owner import SendsNotice
from shared.events import NoticeKind

CHANGE_EMAIL: Final = "change-email"
CONFIRM_EMAIL: Final = "confirm-email"
SPENT_FOR: Final = timedelta(minutes=15)  # the longest life of such a token (services/auth/settings.py)


class StepUpSpent:
    """The token of the step-up has served once already."""


class EmailStore(Protocol):
    async def spend(self, token_id: UUID, expires_at: datetime) -> bool:
        """Whether the token of a step-up was not spent before. Raises: DependencyUnavailable."""

    async def change_email(self, email: str, epoch: int, entry: AuditEntry, now: datetime) -> Account | None:
        """The account as it was before; its trusted devices end with the old address. None: closed, or in another
        epoch, by now.
        Raises: DependencyUnavailable."""


class ChangeEmail:
    """The code goes to the new address, so that a typing error locks nobody out and no stranger is mailed codes."""

    def __init__(
        self,
        accounts: AccountsById,
        store: EmailStore,
        challenge: ChallengeAccount,
        addresses: CodeAddresses,
        tell: SendsNotice,
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._challenge = challenge
        self._addresses = addresses
        self._tell = tell

    async def ask(self, access: Access, email: str, now: datetime) -> Challenge | StepUpSpent | None:
        """After a step-up for exactly this, which is good for one mail: nobody floods strangers with ours. None: the
        account is closed. Raises: DependencyUnavailable."""
        account_id, client = access.subject, Client(access.audience)
        account = await self._accounts.find_by_id(account_id)
        if account is None or not account.may_sign_in:
            return None
        if access.token_id is None or not await self._store.spend(access.token_id, now + SPENT_FOR):
            return StepUpSpent()
        decision = Decision(Outcome.CHALLENGED, Reason.STEP_UP, None, account.region)
        hidden = self._addresses.hidden(account_id, email)
        asked = Asked(decision, client, CONFIRM_EMAIL, access.session_id, new_address=hidden)
        by_mail_alone = replace(account, totp=False, recovery_codes=False)  # a mail is the point
        return await self._challenge(by_mail_alone, asked, now)

    async def finish(self, challenge: Challenge, now: datetime) -> bool:
        """The code from the new address was right. False: the account is closed. Raises: DependencyUnavailable."""
        email = self._addresses.new_address(challenge)
        entry = AuditEntry(owner(challenge.account_id), Action.EMAIL_CHANGED, challenge.account_id)
        before = await self._store.change_email(email, challenge.epoch, entry, now)
        if before is None:
            return False
        await self._tell(NoticeKind.EMAIL_CHANGED, before, now)
        return True
