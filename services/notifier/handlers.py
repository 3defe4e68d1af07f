"""Events in: each says which mail is due, and how it is written once it is ours to send."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from services.notifier.domain.mail_due import MailDue
from services.notifier.use_cases.close_challenge import CloseChallenge
from services.notifier.use_cases.compose_notice_mail import ComposeNoticeMail
from services.notifier.use_cases.compose_passcode_mail import ComposePasscodeMail
from services.notifier.use_cases.give_up_mail import GiveUpMail
from services.notifier.use_cases.send_mail import SendMail
from shared.events import ChallengeClosed, NoticeDue, PasscodeIssued, SecurityNoticeDue
from shared.intake import Limits
from shared.kafka import EventBus
from shared.redelivery import TryLater

NOTICES_AT_ONCE: Final = 8  # to owners, beside the codes and never in their place
LONGEST_TURN: Final = timedelta(seconds=10)
# A mail may take as long as its lease (parts.py), 44 s with the longest deadlines, and the claim and report around it.
HANDLER_DEADLINE_S: Final = 60
HELD_PER_TURN: Final = 4  # the others wait in Kafka, where they cost the event loop nothing


@dataclass(frozen=True, slots=True)
class Turns:
    """`next` returns when another announcement may go out; `at_once` may."""

    next: Callable[[], Awaitable[None]]
    at_once: int


def register_passcodes(
    bus: EventBus, send: SendMail, give_up: GiveUpMail, compose: ComposePasscodeMail, most_at_once: int
) -> None:
    async def send_passcode(issued: PasscodeIssued) -> None:
        await send(MailDue.passcode(issued), partial(compose, issued))

    async def give_up_passcode(issued: PasscodeIssued) -> None:
        await give_up(MailDue.passcode(issued))

    bus.consume(
        PasscodeIssued,
        send_passcode,
        Limits(concurrency=most_at_once, handler_deadline_s=HANDLER_DEADLINE_S),
        given_up=give_up_passcode,
    )


def register_closings(bus: EventBus, close: CloseChallenge) -> None:
    bus.consume(ChallengeClosed, close)


def register_notices(
    bus: EventBus,
    send: SendMail,
    give_up: GiveUpMail,
    compose: ComposeNoticeMail,
    turns: Turns,
) -> None:
    """A turn is waited for before the mail is claimed, so that a hundred thousand announcements stand in Kafka and
    nowhere else."""

    async def send_notice(notice: NoticeDue) -> None:
        await send(MailDue.notice(notice), partial(compose, notice))

    async def send_in_turn(notice: NoticeDue) -> None:
        try:
            async with asyncio.timeout(LONGEST_TURN.total_seconds()):
                await turns.next()
        except TimeoutError:
            raise TryLater(LONGEST_TURN) from None
        await send_notice(notice)

    async def give_up_notice(notice: NoticeDue) -> None:
        await give_up(MailDue.notice(notice))

    def limits(at_once: int) -> Limits:
        return Limits(at_once, held=HELD_PER_TURN * at_once, handler_deadline_s=HANDLER_DEADLINE_S)

    bus.consume(SecurityNoticeDue, send_notice, limits(NOTICES_AT_ONCE), given_up=give_up_notice)
    bus.consume(NoticeDue, send_in_turn, limits(turns.at_once), given_up=give_up_notice)
