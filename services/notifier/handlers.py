"""Events in: the use case decides."""

from services.notifier.use_cases.give_up_passcode import GiveUpPasscode
from services.notifier.use_cases.send_passcode import SendPasscode
from shared.events import PasscodeIssued
from shared.intake import Limits
from shared.kafka import EventBus


def register_handlers(bus: EventBus, send: SendPasscode, give_up: GiveUpPasscode, most_at_once: int) -> None:
    bus.consume(PasscodeIssued, send, Limits(concurrency=most_at_once), given_up=give_up)
