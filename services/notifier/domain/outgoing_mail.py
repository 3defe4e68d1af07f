"""A mail as it is handed to a provider. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

# For every provider. No answers from holiday robots (RFC 3834 §5; the second is Exchange's own).
HEADERS: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}

# One mailbox and nothing that could be read as a second one, a name or a header. Quoted local parts
# (RFC 5321 §4.1.2) are left out: hardly any mail system gives them to people.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f@<>()\[\],;:\\\"]{1,64}@[^\s\x00-\x20\x7f@<>()\[\],;:\\\"]{1,255}")


@dataclass(frozen=True, slots=True)
class Content:
    """A rendered mail without its recipient. It holds the code, so it has no repr."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """Lives only as long as one send. Code and address stay out of its repr."""

    message_id: UUID
    to: str = field(repr=False)
    content: Content


def is_address(text: str) -> bool:
    """Whether mail can be sent there without `text` meaning anything else."""
    return _ADDRESS.fullmatch(text) is not None and text.isprintable()
