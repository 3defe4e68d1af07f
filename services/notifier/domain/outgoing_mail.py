"""A mail as it is handed to a provider. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

# For every provider. No answers from holiday robots (RFC 3834 §5; the second is Exchange's own).
HEADERS: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}


@dataclass(frozen=True, slots=True)
class Content:
    """A rendered mail without its recipient. It holds the code, so it has no repr."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """Lives only as long as one send. Code and address stay out of its repr. `labels`: see mail_labels.py.
    `hurried`: somebody may be waiting for it."""

    message_id: UUID
    to: str = field(repr=False)
    content: Content
    labels: Mapping[str, str] = field(default_factory=dict)
    hurried: bool = True
