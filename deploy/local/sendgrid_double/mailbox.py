"""The mails that were accepted: newest last, bounded in number and in bytes. Pure, but for the memory it takes."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

KEEP_MAILS = 100_000
KEEP_CHARACTERS = 256 * 1024 * 1024  # a code mail has about 2,000: 100,000 of them fit


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as one recipient got it. `received_at` is RFC 3339 in UTC."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    received_at: str

    @property
    def size(self) -> int:
        return len(self.subject) + len(self.text) + len(self.html)

    def as_json(self) -> dict[str, Any]:
        return {
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "received_at": self.received_at,
        }


def mails_of(request: Mapping[str, Any], message_id: str, now: datetime) -> Iterator[Mail]:
    """One mail for each recipient of a valid `mail/send` body; a personalization's subject and headers win."""
    parts = {part["type"]: part["value"] for part in request.get("content", [])}
    received_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    number = 0
    for block in request["personalizations"]:
        headers = {**request.get("headers", {}), **block.get("headers", {})}
        for person in (*block["to"], *block.get("cc", []), *block.get("bcc", [])):
            yield Mail(
                to=person["email"],
                subject=block.get("subject") or request.get("subject", ""),
                text=parts.get("text/plain", ""),
                html=parts.get("text/html", ""),
                headers={**headers, "Message-Id": f"<{message_id}.{number}@mailbox>"},
                received_at=received_at,
            )
            number += 1


@dataclass
class Mailbox:
    """Addresses are looked up without regard to case. `revision` changes whenever the contents do."""

    keep_mails: int = KEEP_MAILS
    keep_characters: int = KEEP_CHARACTERS
    revision: int = 0
    _all: deque[Mail] = field(default_factory=deque)
    _by_address: dict[str, deque[Mail]] = field(default_factory=dict)
    _characters: int = 0

    def add(self, mail: Mail) -> None:
        self._all.append(mail)
        self._by_address.setdefault(mail.to.lower(), deque()).append(mail)
        self._characters += mail.size
        self.revision += 1
        while len(self._all) > self.keep_mails or (self._characters > self.keep_characters and len(self._all) > 1):
            self._forget_oldest()

    def mails(self, to: str | None = None, limit: int | None = None) -> list[Mail]:
        """The newest `limit` mails (None: all) to the address `to` (None: to anybody), newest last."""
        kept = self._all if to is None else self._by_address.get(to.lower(), deque())
        newest_first = islice(reversed(kept), limit)
        return list(newest_first)[::-1]

    def clear(self) -> None:
        self._all.clear()
        self._by_address.clear()
        self._characters = 0
        self.revision += 1

    def _forget_oldest(self) -> None:
        mail = self._all.popleft()
        self._characters -= mail.size
        same_address = self._by_address[mail.to.lower()]
        same_address.popleft()  # the oldest of all is the oldest of its address
        if not same_address:
            del self._by_address[mail.to.lower()]
