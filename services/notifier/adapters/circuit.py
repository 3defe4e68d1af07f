"""The circuit breaker of one provider: after some failures in a row it is left alone for a while, then tried once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from pybreaker import STATE_HALF_OPEN, CircuitBreaker, CircuitBreakerError, CircuitBreakerListener

from shared.telemetry import meter

FAILURES: Final = 5

_log = structlog.get_logger()
_changes: Final = meter.create_counter("gatepost.mail.circuit.changes", description="by provider and new state")
_open: Final = meter.create_gauge("gatepost.mail.circuit.open", description="by provider: 1 while it is not asked")


class CircuitOpen(Exception):
    """The provider is not asked now."""


class ProviderFailed(Exception):
    """Raised inside a call to count it as a failure."""


class Circuit:
    """`open_s`: how long a provider that failed is left alone."""

    def __init__(self, provider: str, open_s: float, failures: int = FAILURES) -> None:
        self._breaker = CircuitBreaker(
            fail_max=failures,
            reset_timeout=open_s,
            exclude=[self._says_nothing],
            throw_new_error_on_trip=False,
            listeners=[_Reporter()],
            name=provider,
        )
        self._trying = False
        _open.set(0, {"provider": provider})

    @property
    def closed(self) -> bool:
        return self._breaker.current_state == "closed"

    @contextmanager
    def call(self) -> Iterator[None]:
        """Raise ProviderFailed inside to have it counted; it comes out again. One that is cancelled is no failure.

        Raises: CircuitOpen.
        """
        if self._trying:  # the library lets everybody through while one call is to find out
            raise CircuitOpen
        try:
            with self._breaker.calling():
                self._trying = self._breaker.current_state == STATE_HALF_OPEN
                trying = self._trying
                try:
                    yield
                finally:
                    if trying:
                        self._trying = False
        except CircuitBreakerError:
            raise CircuitOpen from None

    def _says_nothing(self, error: BaseException) -> bool:
        """We are to stop, and the provider did nothing wrong. The library then forgets the failures before: it opens
        some calls later. But the one call that was to find out has found nothing out: it is left alone for longer."""
        return isinstance(error, asyncio.CancelledError) and self._breaker.current_state != STATE_HALF_OPEN


class _Reporter(CircuitBreakerListener):
    """Calls that fail after the circuit is open open it again: not a change, and not told."""

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        if old_state.name == new_state.name:
            return
        _log.warning("circuit_changed", provider=cb.name, state=new_state.name)
        _changes.add(1, {"provider": cb.name, "state": new_state.name})
        _open.set(0 if new_state.name == "closed" else 1, {"provider": cb.name})
