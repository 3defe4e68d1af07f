"""What a change wants. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.rollout.domain.region import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is wanted of a region that stands at `base_version` (0: it does not exist yet). `apply_at` None: once
    somebody applies it."""

    region: str
    base_version: int
    policy: Policy
    reason: str
    apply_at: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal: what an approval is bound to."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """All of it; times in RFC 3339."""
        policy = {**asdict(self.policy), "mode": self.policy.mode.value}
        told = {name: _text(value) for name, value in policy.items()}
        return {**asdict(self), "policy": told, "apply_at": _text(self.apply_at)}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
