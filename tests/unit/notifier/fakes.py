"""What stands in for Redis, SendGrid and Kafka."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from nacl.public import PrivateKey

from services.notifier.domain.claim import AlreadySent, Claim, Claimed, Doubt, Exhausted, Held, SendTerms, TooLate
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import ProviderAnswer
from shared.events import EmailOutcome, NoticeDue, NoticeKind, PasscodeIssued
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
    provider: str = ""


class FakeClaims:
    """The same verbs in memory. `down` makes those named in it fail as Redis does."""

    def __init__(self, terms: SendTerms, clock: Callable[[], datetime]) -> None:
        self._terms = terms
        self._clock = clock
        self._messages: dict[UUID, _Message] = {}
        self.down: set[str] = set()

    def share(self, other: "FakeClaims") -> None:
        """See the same messages as another instance."""
        self._messages = other._messages

    async def claim(self, message_id: UUID, expires_at: datetime) -> Claim:
        message, now = self._message("claim", message_id), self._clock()
        if message.state == "accepted":
            return AlreadySent(message.provider, message.attempt, message.at)
        if message.state == "sending" and message.lease_ends > now:
            return Held(message.lease_ends - now)
        late = expires_at - now < self._terms.least_life
        if message.sends >= self._terms.most_sends or (late and message.sends > 0):
            return Exhausted(message.attempt, message.at)
        if late:
            return TooLate(max(message.attempt, 1), now)
        message.state, message.at, message.lease_ends = "sending", now, now + self._terms.lease
        message.attempt += 1
        message.sends += 1
        return Claimed(message.attempt)

    async def accepted(self, message_id: UUID, attempt: int, provider: str, expires_at: datetime) -> AlreadySent:
        message = self._message("accepted", message_id)
        if message.state != "accepted":
            message.state, message.attempt, message.provider, message.at = "accepted", attempt, provider, self._clock()
        return AlreadySent(message.provider, message.attempt, message.at)

    async def refused(self, message_id: UUID, attempt: int) -> None:
        message = self._message("refused", message_id)
        if message.state == "sending" and message.attempt == attempt:
            message.state = "idle"
            message.sends -= 1

    async def doubted(self, message_id: UUID, attempt: int) -> Doubt:
        message, now = self._message("doubted", message_id), self._clock()
        if message.state == "sending" and message.attempt == attempt:
            message.state, message.at = "idle", now
        return Doubt(now, message.state != "accepted" and message.sends < self._terms.most_sends)

    def _message(self, verb: str, message_id: UUID) -> _Message:
        if verb in self.down:
            raise DependencyUnavailable("redis")
        return self._messages.setdefault(message_id, _Message())


@dataclass
class FakeProvider:
    """Answers what `answers` holds, then the last of them for ever."""

    answers: list[ProviderAnswer]
    sent: list[OutgoingMail] = field(default_factory=list)
    name: str = "sendgrid"

    async def send(self, mail: OutgoingMail) -> ProviderAnswer:
        self.sent.append(mail)
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
