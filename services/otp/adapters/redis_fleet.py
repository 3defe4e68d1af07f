"""What all instances have judged of late, in Redis: a hash and a list, in a cluster slot of their own.

`{otp-fleet}:codes`: `w:<ms>` and `v:<ms>`, wrong and verified codes in the part of the window that begins then;
`raised` (0, 1), `since` (ms), `flips`. `{otp-fleet}:changes`: events that may not be on Kafka yet, as JSON. They are
numbers without names: whose codes they were is not there.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from pydantic import ValidationError

from services.otp.adapters.scripts import source_of
from services.otp.domain.fleet_breaker import Reading
from services.otp.use_cases.watch_wrong_codes import Tally
from shared.cloudevents import body_of
from shared.epoch import epoch_ms, from_epoch_ms
from shared.events import CodeLengthChanged
from shared.redis_script import Script

_log = structlog.get_logger()

KEYS: Final = ["{otp-fleet}:codes", "{otp-fleet}:changes"]
# Renewed by every instance each second. When there was none for a week, nobody waits for its last event either.
KEPT_MS: Final = 7 * 86_400_000


class RedisFleet:
    """`slot`: the window moves by so much at a time, and is shorter than it should be by less than that."""

    def __init__(self, script: Callable[[str], Script], window: timedelta, slot: timedelta) -> None:
        self._tally, self._flip, self._published = (
            script(source_of(f"fleet_{verb}")) for verb in ("tally", "flip", "published")
        )
        self._span_ms = tuple(span // timedelta(milliseconds=1) for span in (window, slot))
        self._calls = 0
        self._stored: dict[str, bytes] = {}

    async def tally(self, wrong: int, verified: int) -> Tally:
        now, *found = await self._run(self._tally, wrong, verified, *self._span_ms, KEPT_MS)
        all_wrong, all_verified, raised, since, flips, *changes = found
        reading = Reading(
            at=from_epoch_ms(now),
            wrong=all_wrong,
            verified=all_verified,
            raised=int(raised) == 1,
            since=from_epoch_ms(since),
            flips=int(flips),
        )
        return Tally(reading, list(self._read(changes)))

    async def flip(self, seen: Reading, change: CodeLengthChanged) -> bool:
        raised = int(not seen.raised)
        answer = await self._run(self._flip, seen.flips, raised, epoch_ms(seen.at), body_of(change), KEPT_MS)
        return answer == [1]

    async def published(self, change: CodeLengthChanged) -> None:
        await self._run(self._published, self._stored.pop(change.id, body_of(change)))

    def _read(self, changes: Sequence[bytes]) -> Iterator[CodeLengthChanged]:
        """Those that this version understands; another may have stored more. What is taken out is what was stored."""
        for stored in changes:
            try:
                change = CodeLengthChanged.model_validate_json(stored)
            except ValidationError:
                _log.warning("change_not_understood")
            else:
                self._stored[change.id] = stored
                yield change

    async def _run(self, script: Script, *args: str | bytes | int) -> list[Any]:
        self._calls += 1
        return await script.about(b"fleet:%d" % self._calls, KEYS, *args)
