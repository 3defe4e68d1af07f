"""What counts as one plain mail address: on the way in (accounts, settings) and on the way out (the mail). Pure."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

# One mailbox and nothing that could be read as a second one, a name or a header. Quoted local parts
# (RFC 5321 §4.1.2) are left out: hardly any mail system gives them to people.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f@<>()\[\],;:\\\"]{1,64}@[^\s\x00-\x20\x7f@<>()\[\],;:\\\"]{1,255}")


def is_address(text: str) -> bool:
    """Whether mail can be sent there without `text` meaning anything else."""
    return _ADDRESS.fullmatch(text) is not None and text.isprintable()


def _checked(text: str) -> str:
    if not is_address(text):
        raise ValueError("not one plain address")
    return text


MailAddress = Annotated[str, Field(max_length=254), AfterValidator(_checked)]
