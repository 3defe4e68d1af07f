"""Every instance adds what it has judged to what all have, and learns from the answer how long new codes are."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from services.otp.domain.challenge import Verdict
from services.otp.domain.fleet_breaker import RAISED_DIGITS, Band, Reading, flips
from shared.events import CodeLengthChanged
from shared.telemetry import meter

_log = structlog.get_logger()
_judged: Final = meter.create_counter("gatepost.otp.codes_judged", description="codes that were looked at, by verdict")
_wrong_share: Final = meter.create_gauge("gatepost.otp.wrong_share", description="of all codes in the window, 0 to 1")
_digits: Final = meter.create_gauge("gatepost.otp.code_digits", description="length of new codes")


@dataclass(frozen=True, slots=True)
class Tally:
    """`unpublished`: changes that nobody is known to have published, oldest first."""

    reading: Reading
    unpublished: Sequence[CodeLengthChanged]


class FleetStore(Protocol):
    """Raises: DependencyUnavailable."""

    async def tally(self, wrong: int, verified: int) -> Tally:
        """Add to the counts of the window; what they are now."""

    async def flip(self, seen: Reading, change: CodeLengthChanged) -> bool:
        """Turn the state that was seen around and keep the change for publishing. False: somebody else has."""

    async def published(self, change: CodeLengthChanged) -> None: ...


class WatchWrongCodes:
    """`digits` and `count` are in memory: no challenge and no verify waits for this."""

    def __init__(
        self, store: FleetStore, band: Band, normal_digits: int, publish: Callable[[CodeLengthChanged], Awaitable[None]]
    ) -> None:
        self._store = store
        self._band = band
        self._length = {False: normal_digits, True: max(normal_digits, RAISED_DIGITS)}
        self._publish = publish
        self._raised = False
        self._counted: Counter[Verdict] = Counter()

    def digits(self) -> int:
        """Of a code that is minted now: as the store last said, whether or not it answers."""
        return self._length[self._raised]

    def count(self, verdict: Verdict) -> None:
        if verdict in (Verdict.WRONG, Verdict.VERIFIED):
            self._counted[verdict] += 1

    async def __call__(self) -> None:
        """Raises: DependencyUnavailable. What was counted since the last call is lost then, one period's worth: it may
        have arrived all the same, and counted twice it could trip the breaker."""
        counted, self._counted = self._counted, Counter()
        for verdict, codes in counted.items():
            _judged.add(codes, {"verdict": verdict})
        tally = await self._store.tally(counted[Verdict.WRONG], counted[Verdict.VERIFIED])
        self._learn(tally.reading, tally.reading.raised)
        changes = [*tally.unpublished]
        if flips(self._band, tally.reading):
            changes += await self._flip(tally.reading)
        for change in changes:
            await self._publish(change)
            await self._store.published(change)

    def _learn(self, reading: Reading, raised: bool) -> None:
        self._raised = raised
        _wrong_share.set(reading.wrong_share)
        _digits.set(self.digits())

    async def _flip(self, seen: Reading) -> list[CodeLengthChanged]:
        raised = not seen.raised
        change = CodeLengthChanged(
            digits=self._length[raised],
            wrong=seen.wrong,
            judged=seen.judged,
            window_s=int(self._band.window.total_seconds()),
            at=seen.at,
        )
        if not await self._store.flip(seen, change):
            return []
        self._learn(seen, raised)
        _log.warning("code_length_changed", digits=change.digits, wrong=change.wrong, judged=change.judged)
        return [change]
