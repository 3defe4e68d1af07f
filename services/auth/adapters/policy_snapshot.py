"""The region policies on disk, for a start while Kafka is away."""

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from shared.events import RegionPolicyChanged

_log = structlog.get_logger()
_FORMAT = TypeAdapter(list[RegionPolicyChanged])


class PolicySnapshot:
    """One JSON file, replaced whole: a reader sees the old one or the new one, never half."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[RegionPolicyChanged] | None:
        """None: there is none, or it cannot be trusted."""
        try:
            return _FORMAT.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            _log.error("policy_snapshot_unusable", error=type(error).__name__)
            return None

    def age_s(self) -> float | None:
        try:
            return max(0.0, time.time() - self._path.stat().st_mtime)
        except OSError:
            return None

    def write(self, policies: Iterable[RegionPolicyChanged]) -> None:
        """Raises: OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.{threading.get_ident()}")
        with open(new, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(_FORMAT.dump_json(list(policies)))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
