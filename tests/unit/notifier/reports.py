"""Events as SendGrid sends them, the keys that sign them, and what stands in for Redis."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.notifier.domain.mail_labels import MailLabels
from services.notifier.domain.signed_labels import SignedLabels
from services.notifier.domain.standing import Standing
from services.notifier.domain.suppression import Cause, Sighting, Suppression, SuppressionTerms
from services.notifier.use_cases.take_delivery_reports import PublishAll
from shared.events import EmailOutcome
from shared.keyring import Keyring
from shared.unavailable import DependencyUnavailable
from tests.unit.notifier.fakes import ADDRESS, NOW, PRIVATE_KEYS

TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SIGNED: Final = SignedLabels(Keyring.parse(PRIVATE_KEYS))


def labels(message_id: UUID | None = None, attempt: int = 1) -> MailLabels:
    trace = {"traceparent": TRACEPARENT}
    return MailLabels(message_id or uuid4(), uuid4(), uuid4(), "passcode", "emea", attempt, trace)


def sendgrid_event(name: str = "delivered", ours: MailLabels | None = None, **changes: Any) -> dict[str, Any]:
    """With the fields that SendGrid documents, and our labels beside them. A change to None takes a field away."""
    event: dict[str, Any] = {
        "email": ADDRESS,
        "timestamp": int(NOW.timestamp()),
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": name,
        "sg_event_id": uuid4().hex,
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        **SIGNED.texts(ours or labels()),
        **changes,
    }
    return {name: value for name, value in event.items() if value is not None}


def one_by_one(publish: Callable[[EmailOutcome], Awaitable[None]]) -> PublishAll:
    async def publish_all(outgoing: Sequence[tuple[EmailOutcome, Mapping[str, str]]]) -> list[bool]:
        return [await is_on_kafka(event) for event, _ in outgoing]

    async def is_on_kafka(event: EmailOutcome) -> bool:
        try:
            await publish(event)
        except DependencyUnavailable:
            return False
        return True

    return publish_all


class Signer:
    """Signs as SendGrid does: ECDSA on P-256 with SHA-256, over the timestamp and the body."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(der).decode()

    def signature(self, body: bytes, timestamp: str) -> str:
        return base64.b64encode(self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()

    def headers(self, body: bytes, at: datetime) -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        return {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": self.signature(body, timestamp),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }


def body_of(*events: object) -> bytes:
    return json.dumps(events).encode()


@dataclass
class FakeTold:
    """Without an end of leases. `down` makes the verbs that are named in it fail as Redis does."""

    holder: str = "one"
    known: dict[str, str] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    async def take(self, ids: Sequence[str]) -> list[Standing]:
        self._reach("take")
        return [self._take(each) for each in ids]

    def _take(self, report_id: str) -> Standing:
        before = self.known.setdefault(report_id, "")
        if before == "":
            self.known[report_id] = self.holder
            return Standing.OURS
        return Standing.TOLD if before == "told" else Standing.ANOTHER

    async def settle(self, told: Sequence[str], untold: Sequence[str]) -> None:
        self._reach("settle")
        self.known.update(dict.fromkeys(told, "told"))
        for each in untold:
            if self.known.get(each) == self.holder:
                del self.known[each]

    def _reach(self, verb: str) -> None:
        if verb in self.down:
            raise DependencyUnavailable("redis")


@dataclass
class FakeSuppressions:
    """`now` stands in for Redis's clock."""

    now: datetime = NOW
    terms: SuppressionTerms = field(default_factory=SuppressionTerms)
    listed: dict[str, Suppression] = field(default_factory=dict)
    down: bool = False

    async def of(self, address: str) -> Suppression | None:
        self._reach()
        found = self.listed.get(address.lower())
        return found if found is not None and found.expires_at > self.now else None

    async def add(self, address: str, cause: Cause, at: datetime) -> None:
        self._reach()
        new, kept = self.terms.suppression(cause, at), await self.of(address)
        if kept is None or kept.expires_at < new.expires_at:
            self.listed[address.lower()] = new

    async def add_all(self, sightings: Sequence[Sighting]) -> None:
        for each in sightings:
            await self.add(each.address, each.cause, each.at)

    async def remove(self, address: str) -> bool:
        found = await self.of(address)
        self.listed.pop(address.lower(), None)
        return found is not None

    def _reach(self) -> None:
        if self.down:
            raise DependencyUnavailable("redis")
