"""A trusted device: for 30 days a login on it is asked for no code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

DEVICE_PREFIX: Final = "gpd_"


@dataclass(frozen=True, slots=True)
class Device:
    """As its owner sees it in the list. `name` is the user agent, or the product, that it was trusted with."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
