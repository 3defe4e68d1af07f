"""Idempotency keys: whoever repeats a call with one repeats it."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID, uuid4, uuid5

from fastapi import Header

from shared.credentials import Caller

IdempotencyKey = Annotated[
    str | None,
    Header(pattern=r"^[!-~]{1,128}$", description="whoever repeats a call repeats it", examples=["emea-wave-2"]),
]


def id_of(namespace: UUID, caller: Caller, key: str | None) -> UUID:
    """The same for the same key of the same caller; a new one without a key. A name and a key may have slashes."""
    return uuid4() if key is None else uuid5(namespace, f"{quote(caller.name, safe='@')}/{key}")
