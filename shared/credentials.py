"""Bearer credentials of machines and operators, held as SHA-256 digests.

The secrets are random and long (`secrets.token_urlsafe(32)`), so a plain digest is enough; a slow hash
protects only what people choose. Text form: `name:role:<sha256 hex>` joined by commas.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_ENTRY = re.compile(r"(?P<name>[\w.@-]{1,64}):(?P<role>[a-z_]{1,32}):(?P<digest>[0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and in what roles."""

    name: str
    roles: frozenset[str]


def bearer(authorization: str | None) -> str | None:
    """The secret of an `Authorization: Bearer …` header."""
    scheme, _, secret = (authorization or "").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class CredentialBook:
    """Finds the caller behind a bearer secret. One name may have several secrets while they are rotated."""

    def __init__(self, entries: Sequence[tuple[str, Caller]]) -> None:
        if not entries:
            raise ValueError("at least one credential is needed")
        self._entries = tuple(entries)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: ValueError naming the place."""
        entries = []
        for place, part in enumerate(text.split(","), start=1):
            match = _ENTRY.fullmatch(part.strip())
            if match is None:
                raise ValueError(f"credential {place}: expected name:role:<sha256 hex>")
            entries.append((match["digest"], Caller(match["name"], frozenset({match["role"]}))))
        return cls(entries)

    async def find(self, authorization: str | None) -> Caller | None:
        """The caller of an `Authorization: Bearer …` header, or None. Waits for nothing: `Callers` may."""
        secret = bearer(authorization)
        if secret is None:
            return None
        given = digest(secret)
        found = None
        for known, caller in self._entries:  # all of them, whatever matches: no timing tells which
            if hmac.compare_digest(known, given):
                found = caller
        return found
