"""What lets a service in to Redis beside its URL: certificates, and what it says to the Sentinels."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. `ca`: the authorities that are trusted, and no others; None: those of the system. `cert` (with its
    chain) and `key`: who the service is, where Redis asks for that."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For a client that verifies authority and name. Raises: ValueError, which names what cannot be read."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ValueError(f"{self.ca}: no certificates can be read there ({error.strerror})") from None
        if self.cert is not None:
            try:
                # Without a password OpenSSL would ask the terminal for it.
                context.load_cert_chain(self.cert, self.key, password="")
            except OSError as error:
                told = f"{self.cert}, {self.key}: no certificate and key without a passphrase can be read there"
                raise ValueError(f"{told} ({error.strerror})") from None
        return context


@dataclass(frozen=True, slots=True)
class RedisAccess:
    """The Sentinels have credentials of their own; those of Redis stand in the URL."""

    tls: TlsFiles = TlsFiles()
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
