"""The English sentences that depend on what a mail is about; they are also the keys of the catalogues.

Whole sentences, since no language puts the parts together as English does. `%(brand)s` and `%(at)s` are filled in by
the templates, which escape them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notifier.domain.passcode_mail import Purpose
from shared.events import NoticeKind


@dataclass(frozen=True, slots=True)
class PasscodeWords:
    """`lead` stands before the code, `warning` is for somebody who asked for none."""

    subject: str
    lead: str
    warning: str


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """What happened, and what to do about it."""

    news: str
    advice: str


_CONFIRMATION: Final = "Your %(brand)s confirmation code (%(sent)s UTC)"


def _action(lead: str) -> PasscodeWords:
    """For whatever is not a login. Who is asked for a code on the telephone must see what it would do."""
    return PasscodeWords(
        _CONFIRMATION,
        lead,
        "If this was not you, somebody else may be using your account. Do not use this code, and change your password.",
    )


PASSCODE: Final[Mapping[Purpose, PasscodeWords]] = {
    Purpose.LOGIN: PasscodeWords(
        "Your %(brand)s sign-in code (%(sent)s UTC)",
        "Your code to sign in to %(brand)s is:",
        "If you did not try to sign in, somebody else may know your password. Do not use this code, and change your "
        "password.",
    ),
    Purpose.SESSION: _action(
        "Somebody is using your %(brand)s account and was asked to confirm that it is you. Your code to confirm it is:"
    ),
    Purpose.MANAGE_FACTORS: _action(
        "Somebody asked to change how you sign in to %(brand)s. Your code to allow this is:"
    ),
    Purpose.CHANGE_EMAIL: _action(
        "Somebody asked to change the email address of your %(brand)s account. Your code to allow this is:"
    ),
    # Goes to an address that may be a stranger's: nothing of theirs is in danger, unless they give the code away.
    Purpose.CONFIRM_EMAIL: PasscodeWords(
        _CONFIRMATION,
        "Somebody asked to use this address for their %(brand)s account. Your code to allow this is:",
        "If this was not you, do not use this code: it would let somebody else use your address.",
    ),
    Purpose.CHANGE_PASSWORD: _action(
        "Somebody asked to change the password of your %(brand)s account. Your code to allow this is:"
    ),
    Purpose.PAYMENT: _action(
        "Somebody asked to make a payment with your %(brand)s account. Your code to allow this is:"
    ),
    Purpose.EXPORT_DATA: _action(
        "Somebody asked for a copy of the data in your %(brand)s account. Your code to allow this is:"
    ),
    Purpose.DELETE_ACCOUNT: _action("Somebody asked to delete your %(brand)s account. Your code to allow this is:"),
    Purpose.OTHER: _action(
        "Somebody asked to do something in your %(brand)s account that must be confirmed. Your code to allow this is:"
    ),
}

NOT_YOU: Final = "If this was not you, contact support."

NOTICE: Final[Mapping[NoticeKind, NoticeWords]] = {
    NoticeKind.EMAIL_CHANGED: NoticeWords(
        "The email address of your %(brand)s account was changed (%(at)s UTC).", NOT_YOU
    ),
    NoticeKind.PASSWORD_CHANGED: NoticeWords(
        "The password of your %(brand)s account was changed (%(at)s UTC).", NOT_YOU
    ),
    NoticeKind.FACTORS_RESET: NoticeWords(
        "The second steps of signing in to your %(brand)s account, such as an authenticator app, were removed "
        "(%(at)s UTC).",
        "If you did not ask for this, contact support.",
    ),
    NoticeKind.SESSION_STOLEN: NoticeWords(
        "Somebody may have copied a sign-in of your %(brand)s account, so it was ended (%(at)s UTC).",
        "Sign in again and change your password. If this goes on, contact support.",
    ),
    NoticeKind.NEW_DEVICE: NoticeWords(
        "A device can now sign in to your %(brand)s account without a code (%(at)s UTC).", NOT_YOU
    ),
    NoticeKind.RECOVERY_CODE_USED: NoticeWords(
        "A recovery code was used to sign in to your %(brand)s account (%(at)s UTC).", NOT_YOU
    ),
    NoticeKind.FACTOR_CHANGED: NoticeWords(
        "The second steps of signing in to your %(brand)s account were changed (%(at)s UTC).", NOT_YOU
    ),
    NoticeKind.ADVANCE_NOTICE: NoticeWords(
        "From %(at)s UTC on, %(brand)s asks for a code from your mail when you sign in.",
        "You need not do anything now. If you have questions, contact support.",
    ),
    NoticeKind.BYPASS_ACTIVE: NoticeWords(
        "Since %(at)s UTC, %(brand)s does not ask for a code from your mail when you sign in.",
        "If you see something in your account that you did not do, contact support.",
    ),
}
