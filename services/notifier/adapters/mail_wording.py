"""The English sentences that depend on what a mail is about; they are also the keys of the catalogues.

Whole sentences, since no language puts the parts together as English does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notifier.domain.passcode_mail import Purpose
from shared.events import NoticeKind


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a sentence for the catalogues without translating it here."""
    return sentence


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


_CONFIRMATION: Final = N_("Your %(brand)s confirmation code (%(sent)s UTC)")


def _action(lead: str) -> PasscodeWords:
    """For whatever is not a login. Who is asked for a code on the telephone must see what it would do."""
    return PasscodeWords(
        _CONFIRMATION,
        lead,
        N_(
            "If this was not you, somebody else may be using your account. Do not use this code, and change your "
            "password."
        ),
    )


PASSCODE: Final[Mapping[Purpose, PasscodeWords]] = {
    Purpose.LOGIN: PasscodeWords(
        N_("Your %(brand)s sign-in code (%(sent)s UTC)"),
        N_("Your code to sign in to %(brand)s is:"),
        N_(
            "If you did not try to sign in, somebody else may know your password. Do not use this code, and change "
            "your password."
        ),
    ),
    Purpose.SESSION: _action(
        N_(
            "Somebody is using your %(brand)s account and was asked to confirm that it is you. Your code to confirm "
            "it is:"
        )
    ),
    Purpose.MANAGE_FACTORS: _action(
        N_("Somebody asked to change how you sign in to %(brand)s. Your code to allow this is:")
    ),
    Purpose.CHANGE_EMAIL: _action(
        N_("Somebody asked to change the email address of your %(brand)s account. Your code to allow this is:")
    ),
    # Goes to an address that may be a stranger's: nothing of theirs is in danger, unless they give the code away.
    Purpose.CONFIRM_EMAIL: PasscodeWords(
        _CONFIRMATION,
        N_("Somebody asked to use this address for their %(brand)s account. Your code to allow this is:"),
        N_("If this was not you, do not use this code: it would let somebody else use your address."),
    ),
    Purpose.CHANGE_PASSWORD: _action(
        N_("Somebody asked to change the password of your %(brand)s account. Your code to allow this is:")
    ),
    Purpose.PAYMENT: _action(
        N_("Somebody asked to make a payment with your %(brand)s account. Your code to allow this is:")
    ),
    Purpose.EXPORT_DATA: _action(
        N_("Somebody asked for a copy of the data in your %(brand)s account. Your code to allow this is:")
    ),
    Purpose.DELETE_ACCOUNT: _action(N_("Somebody asked to delete your %(brand)s account. Your code to allow this is:")),
    Purpose.OTHER: _action(
        N_(
            "Somebody asked to do something in your %(brand)s account that must be confirmed. Your code to allow this "
            "is:"
        )
    ),
}

# The same for every kind, since a subject is shown on locked screens; the time keeps mail programs from threading.
NOTICE_SUBJECT: Final = N_("Security notice for your %(brand)s account (%(stamp)s)")
ANNOUNCEMENT_SUBJECT: Final = N_("Signing in to %(brand)s changes on %(day)s")

_NOT_YOU: Final = N_("If this was not you, contact support.")

NOTICE: Final[Mapping[NoticeKind, NoticeWords]] = {
    NoticeKind.EMAIL_CHANGED: NoticeWords(N_("The email address of your %(brand)s account was changed."), _NOT_YOU),
    NoticeKind.PASSWORD_CHANGED: NoticeWords(N_("The password of your %(brand)s account was changed."), _NOT_YOU),
    NoticeKind.FACTORS_RESET: NoticeWords(
        N_("The second steps of signing in to your %(brand)s account, such as an authenticator app, were removed."),
        N_("If you did not ask for this, contact support."),
    ),
    NoticeKind.SESSION_STOLEN: NoticeWords(
        N_("Somebody may have copied a sign-in of your %(brand)s account, so it was ended."),
        N_("Sign in again and change your password. If this goes on, contact support."),
    ),
    NoticeKind.NEW_DEVICE: NoticeWords(
        N_("A device can now sign in to your %(brand)s account without a code."), _NOT_YOU
    ),
    NoticeKind.RECOVERY_CODE_USED: NoticeWords(
        N_("A recovery code was used to sign in to your %(brand)s account."), _NOT_YOU
    ),
    NoticeKind.FACTOR_CHANGED: NoticeWords(
        N_("The second steps of signing in to your %(brand)s account were changed."), _NOT_YOU
    ),
    NoticeKind.ADVANCE_NOTICE: NoticeWords(
        N_(
            "From %(day)s, signing in to %(brand)s in your region takes one more step: a code that we send you by mail."
        ),
        N_(
            "You need not do anything now. The code will come to this address: if you no longer use it, change it in "
            "your account before that day. If you have questions, contact support."
        ),
    ),
    NoticeKind.BYPASS_ACTIVE: NoticeWords(
        N_(
            "For a limited time, signing in to %(brand)s in your region takes only your password, and no code from "
            "your mail."
        ),
        N_("If you see something in your account that you did not do, contact support."),
    ),
}

WHEN: Final = N_("Time: %(at)s")
BEGINS: Final = N_("Begins: %(at)s")
ENDS: Final = N_("Ends: %(at)s")
DEVICE: Final = N_("Device: %(device)s")
PLACE: Final = N_("Place: %(place)s")
FACTOR: Final = N_("Method: %(factor)s")

# As auth calls them; of others the name is shown as it came.
FACTORS: Final[Mapping[str, str]] = {
    "totp": N_("authenticator app"),
    "recovery-codes": N_("recovery codes"),
}
