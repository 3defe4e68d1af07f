"""What every event is, and the words that several of them use."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Sealed = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]+$", max_length=4096)]
"""`<key id>.<base64url libsodium sealed box>`, readable by the notifier alone (shared/sealing.py)."""

RegionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]


class Event(BaseModel, ABC):
    """A past fact. `topic` is where it lives, `type` its CloudEvents `type`, `source` its publisher."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    topic: ClassVar[str]
    type: ClassVar[str]
    source: ClassVar[str]

    @property
    @abstractmethod
    def id(self) -> str:
        """CloudEvents `id`: equal for equal facts."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Kafka message key: what must stay in order relative to itself."""

    @property
    def worthless_after(self) -> datetime | None:
        """When nobody is helped by handling this any more; None: never."""
        return None
