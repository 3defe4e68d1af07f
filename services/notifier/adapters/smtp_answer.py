"""What a reply of a mail relay means for one mail (RFC 5321 §4.2, RFC 3463). Pure."""

import re
from typing import Final

from services.notifier.domain.provider_answer import Refused

# RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that is disabled. 5.1.7 and 5.1.8 are about the sender.
_NO_SUCH_MAILBOX: Final = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")


def refusal(code: int, text: str, *, of_recipient: bool = False) -> Refused:
    """`of_recipient`: the reply is to RCPT TO. Of the text no more than its enhanced status is looked at."""
    reason = f"smtp-{code}"
    if not 500 <= code < 600:
        return Refused(reason)
    undeliverable = of_recipient and _NO_SUCH_MAILBOX.match(text) is not None
    return Refused(reason, permanent=True, undeliverable=undeliverable)
