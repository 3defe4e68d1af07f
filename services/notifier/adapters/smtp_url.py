"""Where a mail relay is, and how we get in: `smtps://user:password@relay.example:465`."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}

_SHAPE: Final = (
    "must be smtps://, smtp+starttls:// or smtp://[USER:PASSWORD@]HOST[:PORT], with %XX for / ? # @ : in a password"
)


@dataclass(frozen=True, slots=True)
class SmtpUrl:
    """`tls` from the first byte (RFC 8314 §3.3), or `starttls`, which is then required; neither is for a relay on this
    machine only, since the mails hold codes."""

    host: str
    port: int
    tls: bool
    starttls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: ValueError, without the text."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:  # its words may hold the password
            raise ValueError(_SHAPE) from None
        rest = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme not in _PORTS or not parts.hostname or rest:
            raise ValueError(_SHAPE)
        if parts.scheme == "smtp" and not _is_this_machine(parts.hostname):
            raise ValueError("smtp:// is for a relay on this machine; others need smtps:// or smtp+starttls://")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("a user needs a password, and a password a user")
        return cls(
            parts.hostname,
            port or _PORTS[parts.scheme],
            parts.scheme == "smtps",
            parts.scheme == "smtp+starttls",
            None if parts.username is None else unquote(parts.username),
            None if parts.password is None else unquote(parts.password),
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
