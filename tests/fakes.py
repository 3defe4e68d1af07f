"""What stands in for stores, clocks and other services. The contract tests hold the stores here to the same cases
as the real ones (tests/contracts)."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from services.auth.domain.account import Account, username_key
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import DeviceStanding
from services.auth.domain.device import Device
from services.auth.domain.factor import Proof
from services.auth.domain.rotating_token import OpaqueToken
from services.auth.domain.session import Session
from services.auth.use_cases.follow_challenge import Progress, Quiet
from services.auth.use_cases.resend_code import NotResent, Recipient, Resent
from services.auth.use_cases.verify_challenge import Refusal
from shared.events import Event, NoticeDetails, NoticeKind
from shared.unavailable import DependencyUnavailable

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Publisher:
    """Keeps the events; `down` refuses them."""

    events: list[Event] = field(default_factory=list)
    down: bool = False

    async def publish(self, event: Event) -> None:
        if self.down:
            raise DependencyUnavailable("kafka")
        self.events.append(event)

    async def publish_all(self, events: Sequence[tuple[Event, Mapping[str, str]]]) -> list[bool]:
        if not self.down:
            self.events += [event for event, _ in events]
        return [not self.down] * len(events)


@dataclass
class FakeNotices:
    """What the owners of accounts were told, in order."""

    sent: list[tuple[NoticeKind, UUID, NoticeDetails | None]] = field(default_factory=list)

    async def __call__(
        self, kind: NoticeKind, account: Account, at: datetime, details: NoticeDetails | None = None
    ) -> None:
        self.sent.append((kind, account.id, details))


class FakeAccounts:
    """Accounts in memory. `looked_for` are the keys that somebody asked for."""

    def __init__(self) -> None:
        self._by_key: dict[str, Account] = {}
        self.looked_for: list[str] = []

    async def find(self, key: str) -> Account | None:
        self.looked_for.append(key)
        return self._by_key.get(key)

    async def find_by_id(self, account_id: UUID) -> Account | None:
        return next((account for account in self._by_key.values() if account.id == account_id), None)

    async def add(self, account: Account, username: str) -> bool:
        key = username_key(username)
        if key in self._by_key:
            return False
        self._by_key[key] = account
        return True

    async def replace_hash(self, account_id: UUID, old_hash: str, new_hash: str) -> bool:
        for key, account in self._by_key.items():
            if account.id == account_id and account.password_hash == old_hash:
                self._by_key[key] = replace(account, password_hash=new_hash)
                return True
        return False


@dataclass
class FakeSessions:
    """Opens every session, but of the accounts that are `closed`."""

    opened: list[Session] = field(default_factory=list)
    closed: bool = False

    async def open(self, session: Session, epoch: int) -> OpaqueToken | None:
        if self.closed:
            return None
        self.opened.append(session)
        return OpaqueToken(session.id.bytes, bytes(32))

    async def step_up(self, session_id: UUID, account_id: UUID, proof: Proof, now: datetime) -> Session | None:
        for session in self.opened:
            if (session.id, session.account_id) == (session_id, account_id):
                return replace(session, acr=proof.acr, amr=proof.amr, auth_time=now)
        return None


@dataclass
class FakeDevices:
    """One device of one account; `standing` is what its token is worth. `used` are the accounts that it was used by."""

    account_id: UUID | None = None
    standing: DeviceStanding = DeviceStanding.TRUSTED
    trusted: list[Device] = field(default_factory=list)
    used: list[UUID] = field(default_factory=list)

    async def use(
        self, token: OpaqueToken, account_id: UUID, now: datetime
    ) -> tuple[DeviceStanding, OpaqueToken | None]:
        self.used.append(account_id)
        if self.account_id != account_id:
            return DeviceStanding.FOREIGN, None
        return self.standing, token.successor(b"n") if self.standing is DeviceStanding.TRUSTED else None

    async def known(self, token: OpaqueToken, account_id: UUID, now: datetime) -> UUID | None:
        return UUID(int=1) if self.account_id == account_id else None

    async def trust(self, account_id: UUID, device: Device, epoch: int) -> OpaqueToken | None:
        self.account_id = account_id
        self.trusted.append(device)
        return OpaqueToken(device.id.bytes, bytes(32))


@dataclass
class FakePasswords:
    """A password's hash is `hash:<password>`. `verified` are the hashes that were worked on."""

    verified: list[str] = field(default_factory=list)

    async def verify(self, password_hash: str, password: str) -> bool:
        self.verified.append(password_hash)
        return password_hash == f"hash:{password}"

    async def hash(self, password: str) -> str:
        return f"hash:{password}"

    def needs_rehash(self, password_hash: str) -> bool:
        return not password_hash.startswith("hash:")


@dataclass
class FakeOtpService:
    """Answers what it is told to; `judged` are (challenge id, code), `resent` (challenge, recipient), `unlocked`
    accounts."""

    answer: Refusal | None = None
    found: Progress | None = None
    resends: Resent | NotResent = field(default_factory=lambda: Resent(None))
    told: list[Progress | Quiet | None] = field(default_factory=list)
    judged: list[tuple[UUID, str]] = field(default_factory=list)
    resent: list[tuple[Challenge, Recipient]] = field(default_factory=list)
    unlocked: list[UUID] = field(default_factory=list)
    down: bool = False

    async def judge(self, challenge: Challenge, code: str) -> Refusal | None:
        self._reach()
        self.judged.append((challenge.id, code))
        return self.answer

    async def resend(self, challenge: Challenge, to: Recipient) -> Resent | NotResent:
        self._reach()
        self.resent.append((challenge, to))
        return self.resends

    async def unlock(self, account_id: UUID) -> None:
        self._reach()
        self.unlocked.append(account_id)

    async def progress(self, challenge: Challenge) -> Progress | None:
        self._reach()
        return self.found

    async def changes(self, challenge: Challenge) -> AsyncGenerator[Progress | Quiet | None, None]:
        self._reach()
        for each in self.told:
            yield each

    def _reach(self) -> None:
        if self.down:
            raise DependencyUnavailable("otp")
