"""Placeholder."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Throttled:
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Admitted:
    pass


class ThrottlePasswords:
    async def admit(self, username_key: str, client_ip: str | None, device_id: UUID | None) -> Admitted | Throttled:
        return Admitted()

    async def succeeded(self, admitted: Admitted) -> None: ...
