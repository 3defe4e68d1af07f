"""What stands in for Redis, SendGrid and Kafka."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from nacl.public import PrivateKey

from services.notifier.domain.claim import (
    AlreadySent,
    Claim,
    Claimed,
    Closed,
    Doubt,
    Exhausted,
    Held,
    SendTerms,
    TooLate,
    Withheld,
)
from services.notifier.domain.fate import NO_PROVIDER
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import ProviderAnswer
from services.notifier.domain.suppression import Cause, SuppressedAccount, Suppression, SuppressionTerms
from services.notifier.use_cases.deliver_mail import Delivery
from services.notifier.use_cases.tell_suppressed import TellSuppressed
from shared.events import AccountSuppressed, EmailOutcome, NoticeDue, NoticeKind, PasscodeIssued
from shared.keyring import Key, Keyring, encode
from shared.sealing import Sealer, Unsealer
from shared.unavailable import DependencyUnavailable

NOW = datetime(2026, 11, 24, 14, 5, 30, tzinfo=UTC)
CODE = "402817"
ADDRESS = "kim@customer.example"

_PRIVATE = Keyring([Key("n1", bytes(range(32)))])
PRIVATE_KEYS = f"n1:{encode(_PRIVATE.current.secret)}"


def sealer() -> Sealer:
    return Sealer(Keyring([Key("n1", bytes(PrivateKey(_PRIVATE.current.secret).public_key))]))


def unsealer() -> Unsealer:
    return Unsealer(_PRIVATE)


def passcode_issued(
    *, code: str = CODE, address: str = ADDRESS, expires_at: datetime | None = None, purpose: str = "login"
) -> PasscodeIssued:
    challenge_id = uuid4()
    return PasscodeIssued(
        challenge_id=challenge_id,
        message_id=uuid4(),
        account_id=uuid4(),
        code=sealer().seal(code, f"code:{challenge_id}"),
        address=sealer().seal(address, f"address:{challenge_id}"),
        locale="en",
        region="emea",
        purpose=purpose,
        expires_at=expires_at or NOW + timedelta(minutes=10),
    )


def notice_due(
    *, address: str = ADDRESS, kind: NoticeKind = NoticeKind.EMAIL_CHANGED, expires_at: datetime | None = None
) -> NoticeDue:
    notice_id = uuid4()
    return NoticeDue(
        notice_id=notice_id,
        account_id=uuid4(),
        kind=kind,
        address=sealer().seal(address, f"notice:{notice_id}"),
        locale="en",
        region="emea",
        at=NOW,
        expires_at=expires_at or NOW + timedelta(days=1),
    )


@dataclass
class _Message:
    state: str = "idle"
    attempt: int = 0
    sends: int = 0
    at: datetime = NOW
    lease_ends: datetime = NOW
    provider: str | None = None  # that accepted it, or may have sent it
    withheld: Withheld | None = None


class FakeClaims:
    """The same verbs in memory. `down` makes those named in it fail as Redis does."""

    def __init__(self, terms: SendTerms, clock: Callable[[], datetime]) -> None:
        self._terms = terms
        self._clock = clock
        self._messages: dict[UUID, _Message] = {}
        self._closed: set[UUID] = set()
        self.down: set[str] = set()

    def share(self, other: "FakeClaims") -> None:
        """See the same messages as another instance."""
        self._messages, self._closed = other._messages, other._closed

    async def claim(self, due: MailDue) -> Claim:
        message, now = self._message("claim", due), self._clock()
        if message.state == "accepted":
            return AlreadySent(message.provider or "", message.attempt, message.at)
        if message.state == "sending" and message.lease_ends > now:
            return Held(message.lease_ends - now)
        over = due.challenge_id in self._closed
        late = due.expires_at - now < self._terms.least_life
        if message.sends >= self._terms.most_sends or ((late or over) and message.sends > 0):
            return Exhausted(message.attempt, message.at, message.provider)
        if over or late:
            return (Closed if over else TooLate)(max(message.attempt, 1), now)
        message.state, message.at, message.lease_ends = "sending", now, now + self._terms.lease
        doubted = message.provider or (NO_PROVIDER if message.sends else None)
        message.attempt += 1
        message.sends += 1
        return Claimed(message.attempt, doubted)

    async def count_another(self, due: MailDue, attempt: int, doubted: str) -> bool:
        message = self._message("count_another", due)
        if message.state != "sending" or message.attempt != attempt or message.sends >= self._terms.most_sends:
            return False
        message.sends, message.provider = message.sends + 1, doubted
        return True

    async def accepted(self, due: MailDue, attempt: int, provider: str) -> AlreadySent:
        message = self._message("accepted", due)
        if message.state != "accepted":
            message.state, message.attempt, message.provider, message.at = "accepted", attempt, provider, self._clock()
        return AlreadySent(message.provider or "", message.attempt, message.at)

    async def refused(self, due: MailDue, attempt: int) -> None:
        message = self._message("refused", due)
        if message.state == "sending" and message.attempt == attempt:
            message.state = "idle"
            message.sends -= 1

    async def withheld(self, due: MailDue, attempt: int) -> Withheld:
        message = self._message("withheld", due)
        first = message.withheld or Withheld(attempt, self._clock())
        if message.state == "sending" and message.attempt == attempt:
            message.state, message.withheld = "idle", first
            message.sends -= 1
        return first

    async def doubted(self, due: MailDue, attempt: int, delivery: Delivery) -> Doubt:
        message, now = self._message("doubted", due), self._clock()
        if message.state == "sending" and message.attempt == attempt:
            message.state, message.at, message.provider = "idle", now, delivery.provider
            message.sends -= delivery.unused
        return Doubt(now, message.state != "accepted" and message.sends < self._terms.most_sends)

    async def close(self, challenge_id: UUID) -> None:
        self._closed.add(challenge_id)

    def _message(self, verb: str, due: MailDue) -> _Message:
        if verb in self.down:
            raise DependencyUnavailable("redis")
        return self._messages.setdefault(due.message_id, _Message())


@dataclass
class FakeSuppressions:
    """`listed`: address → why. `down` makes it fail as Redis does."""

    listed: dict[str, Cause] = field(default_factory=dict)
    down: bool = False

    async def of(self, address: str) -> Suppression | None:
        if self.down:
            raise DependencyUnavailable("redis")
        cause = self.listed.get(address)
        return None if cause is None else Suppression(cause, NOW, NOW + timedelta(days=1))

    async def add(self, address: str, cause: Cause, at: datetime) -> None:
        self.listed[address] = cause


@dataclass
class FakeAccounts:
    """Whose address is suppressed, and what was told of it. `down` makes it fail as Redis does."""

    known: dict[str, dict[SuppressedAccount, datetime]] = field(default_factory=dict)
    told: list[AccountSuppressed] = field(default_factory=list)
    down: bool = False

    async def add(self, address: str, account: SuppressedAccount, until: datetime) -> datetime:
        if self.down:
            raise DependencyUnavailable("redis")
        of_address = self.known.setdefault(address.lower(), {})
        of_address[account] = max(until, of_address.get(account, until))
        return of_address[account]

    async def take(self, address: str) -> list[SuppressedAccount]:
        if self.down:
            raise DependencyUnavailable("redis")
        return list(self.known.pop(address.lower(), {}))

    async def publish(self, event: AccountSuppressed) -> None:
        self.told.append(event)

    def tell(self) -> TellSuppressed:
        return TellSuppressed(self, SuppressionTerms(), self.publish, lambda: NOW)


@dataclass
class FakeProvider:
    """Answers what `answers` holds, then the last of them for ever. `hangs`: not before it is over."""

    answers: list[ProviderAnswer]
    sent: list[OutgoingMail] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)
    hangs: asyncio.Event | None = None

    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        self.sent.append(mail)
        self.patience.append(within_s)
        if self.hangs is not None:
            await self.hangs.wait()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class FakeKafka:
    """`down` makes publishing fail."""

    published: list[EmailOutcome] = field(default_factory=list)
    down: bool = False

    async def publish(self, event: EmailOutcome) -> None:
        if self.down:
            raise DependencyUnavailable("kafka")
        self.published.append(event)
