"""What the claims of an operator's token say: who it is, and in what roles. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.credentials import Caller

# No name of the list of tokens has a colon (shared/credentials.py): nobody there is taken for somebody here.
PREFIX: Final = "oidc:"
# As OpenID Connect Core §2 has `sub`: 255 ASCII characters at most. No others, so that no two names look alike.
_NAME: Final = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")


@dataclass(frozen=True, slots=True)
class OperatorClaims:
    """`roles`: a value of the claim → the roles that it stands for; any other value stands for none."""

    role_claim: str
    name_claim: str
    roles: Mapping[str, frozenset[str]]

    def caller_in(self, claims: Mapping[str, Any]) -> Caller | None:
        """None: nobody whose name could stand in an audit."""
        name = _at(self.name_claim, claims)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return None
        given = _at(self.role_claim, claims)
        values = given if isinstance(given, list) else [given]
        roles = (self.roles.get(value, frozenset()) for value in values if isinstance(value, str))
        return Caller(PREFIX + name, frozenset[str]().union(*roles))


def _at(path: str, claims: Mapping[str, Any]) -> Any:
    """A claim may have dots in its own name, as `https://example.com/roles` has."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
