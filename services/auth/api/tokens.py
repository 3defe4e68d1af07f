"""What the HTTP interface needs of tokens."""

from datetime import timedelta
from typing import Any, Protocol

from services.auth.domain.access import Access
from services.auth.domain.challenge import Challenge


class Tokens(Protocol):
    """Every verb raises DependencyUnavailable while this instance knows no keys."""

    def life_of(self, access: Access) -> timedelta:
        """How long a token of it holds from now on."""

    def sign_access(self, access: Access) -> str: ...

    def sign_challenge(self, challenge: Challenge) -> str: ...

    def read_access(self, token: str, audience: str | None) -> Access | None:
        """The access in a token of ours that holds now. `audience` None: for whichever product it was made."""

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """RFC 7517 key set of the public keys, as it is now."""
