"""What somebody may do, in the words of the access token."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

LOGIN_PURPOSE: Final = "login"


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says. `subject` is the account id, `audience` the product.

    `purpose` is `login` for a session's token; any other is the one action that a step-up was made for, and such a
    token opens nothing else. `session_id` is the session that the token is of, or that the step-up was asked for in:
    only a trusted caller's step-up has none. `not_after`: no token outlives its session. `token_id` is known of one
    that was read.
    """

    subject: UUID
    audience: str
    auth_time: datetime
    amr: tuple[str, ...]
    acr: str
    scope: tuple[str, ...] = ()
    session_id: UUID | None = None
    purpose: str = LOGIN_PURPOSE
    not_after: datetime | None = field(default=None, compare=False)
    token_id: UUID | None = field(default=None, compare=False)
