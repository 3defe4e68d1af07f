"""A FastAPI dependency: only callers of certain roles get in."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header
from starlette.exceptions import HTTPException

from shared.credentials import Caller, CredentialBook


def role_required(book: CredentialBook, *roles: str) -> Callable[..., Awaitable[Caller]]:
    """The caller; 401 for a credential we do not know, 403 for a role that is not among `roles`."""

    async def caller_of(authorization: Annotated[str | None, Header()] = None) -> Caller:
        caller = book.find(authorization)
        if caller is None:
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        if caller.role not in roles:
            raise HTTPException(403)
        return caller

    return caller_of
