"""A mail provider behind what protects it from us and us from it: a shared bucket, a window, a circuit breaker."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from services.notifier.adapters.call_window import CallWindow, NoRoom
from services.notifier.adapters.circuit import Circuit, CircuitOpen, ProviderFailed
from services.notifier.domain.outgoing_mail import OutgoingMail
from services.notifier.domain.provider_answer import Accepted, ProviderAnswer, Refused, Unknown
from shared.unavailable import DependencyUnavailable

# Longer than this a code does not wait for its turn: somebody else is asked, or it comes again.
LONGEST_TURN_S: Final = 1.0
WAITS: Final = 3  # for its turn, for room, and to tell the others of a pause
COME_AGAIN: Final = timedelta(seconds=1)

_log = structlog.get_logger()


class Provider(AbstractAsyncContextManager[object], Protocol):
    """Leaving the context closes its connections."""

    name: str

    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer: ...

    async def healthy(self) -> bool: ...


class Bucket(Protocol):
    async def take(self, *, hurried: bool = True) -> timedelta: ...

    async def pause(self, span: timedelta) -> None: ...


@dataclass(frozen=True, slots=True)
class Guards:
    bucket: Bucket
    window: CallWindow
    circuit: Circuit


class GuardedProvider:
    """A MailProvider: what it does not let through is refused for now, so that another one is asked."""

    def __init__(
        self, provider: Provider, guards: Guards, answered: Callable[[str, ProviderAnswer], None] = lambda *_: None
    ) -> None:
        """`answered` is told of each answer."""
        self.name = provider.name
        self._provider = provider
        self._guards = guards
        self._answered = answered

    async def send(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        """Ends within `within_s` and WAITS times LONGEST_TURN_S."""
        if (refused := await self._turn(mail)) is not None:
            return refused
        try:
            async with self._guards.window.room(LONGEST_TURN_S, hurried=mail.hurried):
                answer = await self._call(mail, within_s)
        except NoRoom:
            return Refused("busy", retry_after=COME_AGAIN)
        await self._learn(answer)
        return answer

    async def healthy(self) -> bool:
        return self._guards.circuit.closed and await self._provider.healthy()

    async def _turn(self, mail: OutgoingMail) -> Refused | None:
        """None: it is this mail's turn."""
        ends = time.monotonic() + LONGEST_TURN_S
        try:
            async with asyncio.timeout(LONGEST_TURN_S):
                while wait := await self._guards.bucket.take(hurried=mail.hurried):
                    if time.monotonic() + wait.total_seconds() > ends:
                        return Refused("rate-limited", retry_after=max(wait, COME_AGAIN))
                    await asyncio.sleep(wait.total_seconds())
        except (DependencyUnavailable, TimeoutError):
            return Refused("redis")
        return None

    async def _call(self, mail: OutgoingMail, within_s: float) -> ProviderAnswer:
        answer: ProviderAnswer = Refused("circuit-open", retry_after=COME_AGAIN)
        try:
            with self._guards.circuit.call():
                answer = await self._provider.send(mail, within_s)
                if _is_failure(answer):
                    raise ProviderFailed
        except (CircuitOpen, ProviderFailed):
            pass
        except Exception as error:  # whatever a library raises: the mail may be out, and its claim must be settled
            _log.error("provider_call_broken", provider=self.name, error=type(error).__name__)
            answer = Unknown("error")
        return answer

    async def _learn(self, answer: ProviderAnswer) -> None:
        self._answered(self.name, answer)
        pause = answer.pause if isinstance(answer, Accepted) else None
        if isinstance(answer, Refused) and answer.reason != "circuit-open":
            pause = answer.retry_after
        self._guards.window.learn(kept_up=not _is_failure(answer) and pause is None)
        if pause is not None:
            _log.warning("provider_asks_for_patience", provider=self.name, seconds=pause.total_seconds())
            try:
                async with asyncio.timeout(LONGEST_TURN_S):
                    await self._guards.bucket.pause(pause)
            except (DependencyUnavailable, TimeoutError):
                _log.warning("pause_not_shared", provider=self.name)


def _is_failure(answer: ProviderAnswer) -> bool:
    """Of the provider, not of the mail, and no wish for patience."""
    return isinstance(answer, Unknown) or (
        isinstance(answer, Refused) and not (answer.permanent or answer.about_mail) and answer.retry_after is None
    )
