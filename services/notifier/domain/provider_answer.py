"""What a mail provider can say, whichever it is. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider promised to send it. `pause`: and asks for no more before that has passed."""

    pause: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """For sure nothing was sent. `permanent`: it never will be; `retry_after`: the provider's own wish.

    `undeliverable`: permanent whoever is asked, since the mailbox does not exist.
    `about_mail`: it says nothing of how the provider does.
    `reason` is a fixed word or a status for logs and metrics, never what the provider wrote.
    """

    reason: str
    permanent: bool = False
    retry_after: timedelta | None = None
    undeliverable: bool = False
    about_mail: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may have left, and no answer came back."""

    reason: str


ProviderAnswer = Accepted | Refused | Unknown
