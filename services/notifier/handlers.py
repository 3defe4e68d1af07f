"""Events in: the use case decides."""

from services.notifier.use_cases.send_passcode import SendPasscode
from shared.events import PasscodeIssued
from shared.intake import Limits
from shared.kafka import EventBus


def register_handlers(bus: EventBus, send: SendPasscode, most_at_once: int) -> None:
    bus.consume(PasscodeIssued, send, Limits(concurrency=most_at_once))
