"""What the answers of the OTP service mean here. One of a version that we do not know is none: KeyError, ValueError or
TypeError. Fields that an older version does not send yet may be missing."""

from datetime import datetime
from typing import Any

from services.auth.use_cases.follow_challenge import Progress
from services.auth.use_cases.resend_code import (
    ChallengeEnding,
    NoMoreResends,
    NotResent,
    ResendTooSoon,
    Resent,
    TooManyMails,
)
from services.auth.use_cases.verify_challenge import Barred, Closed, NotIssuedYet, Refusal, TooManyAttempts, Wrong

Answer = dict[str, Any]


def refusal_in(answer: Answer) -> Refusal | None:
    """None: the code was right."""
    match answer["verdict"]:
        case "verified":
            return None
        case "wrong":
            return Wrong(answer["attempts_remaining"])
        case "account-locked":
            return TooManyAttempts(datetime.fromisoformat(answer["retry_at"]))
        case verdict:
            return _over(verdict, answer)


def resent_in(answer: Answer) -> Resent | NotResent:
    match answer["result"]:
        case "sent":
            return Resent(_time(answer, "resend_available_at"))
        case "too-soon":
            return ResendTooSoon(datetime.fromisoformat(answer["retry_at"]))
        case "too-many-mails":
            return TooManyMails(datetime.fromisoformat(answer["retry_at"]))
        case "no-more":
            return NoMoreResends()
        case "too-late":
            return ChallengeEnding()
        case result:
            return _over(result, answer)


def progress_in(answer: Answer) -> Progress:
    delivery = answer["delivery"]
    return Progress(
        state=answer["state"],
        delivery_state=delivery["state"],
        delivery_at=_time(delivery, "at"),
        attempts_remaining=answer["attempts_remaining"],
        expires_at=datetime.fromisoformat(answer["expires_at"]),
        resend_available_at=_time(answer, "resend_available_at"),
        retry_at=_time(answer, "retry_at"),
    )


def _over(word: str, answer: Answer) -> NotIssuedYet | TooManyAttempts | Closed:
    match word:
        case "not-issued":
            return NotIssuedYet()
        case "locked":
            return TooManyAttempts()
        case "refused" | "disabled":
            return TooManyAttempts(_time(answer, "retry_at"), Barred(word))
        case _:
            return Closed(word)


def _time(answer: Answer, name: str) -> datetime | None:
    text = answer.get(name)
    return None if text is None else datetime.fromisoformat(text)
