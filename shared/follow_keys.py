"""Key rings that change while a service runs: their files are read again and again. What is wrong there changes
nothing; a service goes on with the keys it has (docs/decisions/0015-keys-rotate-in-three-steps.md)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.keyring import Keyring
from shared.telemetry import meter

_log = structlog.get_logger()
_unusable: Final = meter.create_counter("gatepost.keys.unusable", description="times that key files were of no use")

Use = Callable[[Keyring], None]


class FollowKeys:
    """Each call reads the settings once more. `use` names the rings among them, and who gets one that has changed."""

    def __init__(self, settings: BaseSettings, reread: Callable[[], BaseSettings], use: Mapping[str, Use]) -> None:
        self._reread = reread
        self._use = use
        self._rings = {name: _ring(settings, name) for name in use}

    async def __call__(self) -> None:
        try:
            settings = await asyncio.to_thread(self._reread)
        except Exception as error:  # whatever it is: its text may show what the file holds
            self._tell(type(error).__name__, _places(error))
            return
        for name in self._use:
            self._follow(name, _ring(settings, name))

    def _follow(self, name: str, ring: Keyring) -> None:
        known = self._rings[name]
        if list(ring) == list(known):
            return
        if any(key != known.get(key.id) for key in ring if known.get(key.id)):
            self._tell("AnotherKeyOfThatId", [name])  # right codes would be wrong ones
            return
        self._use[name](ring)
        self._rings[name] = ring
        _log.info("keys_changed", ring=name, ids=[key.id for key in ring])

    def _tell(self, error: str, settings: list[str]) -> None:
        _unusable.add(1)
        _log.error("keys_unusable", error=error, settings=settings)


def _ring(settings: BaseSettings, name: str) -> Keyring:
    return Keyring.parse(getattr(settings, name).get_secret_value())


def _places(error: Exception) -> list[str]:
    problems = error.errors() if isinstance(error, ValidationError) else []
    return sorted({".".join(map(str, problem["loc"])) for problem in problems})
