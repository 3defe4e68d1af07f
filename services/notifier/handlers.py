"""Events in: each says which mail is due, and how it is written once it is ours to send."""

from functools import partial
from typing import Final

from services.notifier.domain.mail_due import MailDue
from services.notifier.use_cases.compose_notice_mail import ComposeNoticeMail
from services.notifier.use_cases.compose_passcode_mail import ComposePasscodeMail
from services.notifier.use_cases.give_up_mail import GiveUpMail
from services.notifier.use_cases.send_mail import SendMail
from shared.events import NoticeDue, PasscodeIssued, SecurityNoticeDue
from shared.intake import Limits
from shared.kafka import EventBus

# Of each kind, beside the codes and never in their place: 8 at 200 ms are 40 a second.
NOTICES_AT_ONCE: Final = 8


def register_passcodes(
    bus: EventBus, send: SendMail, give_up: GiveUpMail, compose: ComposePasscodeMail, most_at_once: int
) -> None:
    async def send_passcode(issued: PasscodeIssued) -> None:
        await send(MailDue.passcode(issued), partial(compose, issued))

    async def give_up_passcode(issued: PasscodeIssued) -> None:
        await give_up(MailDue.passcode(issued))

    bus.consume(PasscodeIssued, send_passcode, Limits(concurrency=most_at_once), given_up=give_up_passcode)


def register_notices(bus: EventBus, send: SendMail, give_up: GiveUpMail, compose: ComposeNoticeMail) -> None:
    """About one's own account and in bulk, each from its own topic: 100,000 of these do not delay one of those."""

    async def send_notice(notice: NoticeDue) -> None:
        await send(MailDue.notice(notice), partial(compose, notice))

    async def give_up_notice(notice: NoticeDue) -> None:
        await give_up(MailDue.notice(notice))

    for event_type in (SecurityNoticeDue, NoticeDue):
        bus.consume(event_type, send_notice, Limits(concurrency=NOTICES_AT_ONCE), given_up=give_up_notice)
