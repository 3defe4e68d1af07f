"""What a reply of a mail relay means for one mail (RFC 5321 §4.2, RFC 3463). Pure."""

import re
from typing import Final

from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown

# RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that is disabled. 5.1.7 and 5.1.8 are about the sender.
_NO_SUCH_MAILBOX: Final = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")

_GOING_DOWN: Final = 421


def after_data(code: int, text: str) -> ProviderAnswer:
    """The relay has all of the mail: what is no refusal in so many words may be an acceptance."""
    if 200 <= code < 300:
        return Accepted()
    return refusal(code, text) if 400 <= code < 600 else Unknown("odd-reply")


def refusal(code: int, text: str, *, of_recipient: bool = False) -> Refused:
    """`of_recipient`: the reply is to RCPT TO. Of the text no more than its enhanced status is looked at."""
    reason = f"smtp-{code}"
    if not 500 <= code < 600:
        # 450 to a recipient is greylisting, or a mailbox that cannot be looked up: others may be delivered meanwhile.
        return Refused(reason, about_mail=of_recipient and code != _GOING_DOWN)
    undeliverable = of_recipient and _NO_SUCH_MAILBOX.match(text) is not None
    return Refused(reason, permanent=True, undeliverable=undeliverable)
