"""The ways in which this interface refuses; what is common to all services is in shared/problem.py."""

from typing import Any, Final

from shared.problem import ProblemType


def _decision(reason: str) -> dict[str, Any]:
    return {"decision": {"outcome": "refused", "reason": reason, "policy_version": None, "region": None}}


INVALID_CREDENTIALS: Final = ProblemType(
    401,
    "invalid-credentials",
    "The username or the password is not right",
    "the same for a name that nobody has",
    _decision("invalid-credentials"),
)
USE_SSO: Final = ProblemType(
    403, "use-sso", "This account signs in through its organisation", members=_decision("use-sso")
)
ACCOUNT_LOCKED: Final = ProblemType(403, "account-locked", "This account is locked")
TOO_MANY_LOGINS: Final = ProblemType(
    429, "too-many-logins", "Too many wrong passwords; wait before the next one", "`Retry-After` says how long"
)

INVALID_CODE: Final = ProblemType(401, "invalid-code", "This is not the code", members={"attempts_remaining": 4})
NOT_ISSUED_YET: Final = ProblemType(409, "not-issued-yet", "The code is still being made", "ask again in a second")
CHALLENGE_CLOSED: Final = ProblemType(
    410,
    "challenge-closed",
    "This challenge takes no codes; sign in again",
    "`reason` says why: expired, used, void or unknown",
    {"reason": "expired"},
)
CODE_NEEDED: Final = ProblemType(422, "code-needed", "The mail was sent already: its code is needed")
METHOD_NOT_OFFERED: Final = ProblemType(422, "method-not-offered", "This challenge is not answered in this way")
TOO_MANY_ATTEMPTS: Final = ProblemType(
    429,
    "too-many-attempts",
    "Too many wrong codes; no more are looked at",
    "for this challenge; or, with `retry_at` and `Retry-After`, for this account and factor until then. `reason`, if "
    "it is none of these: `refused`, no code was mailed because the account had reached a limit; `disabled`, so many "
    "were wrong in a row that only support can let codes by mail in again",
    {"attempts_remaining": 0, "reason": "disabled"},
)
CHALLENGE_ENDING: Final = ProblemType(
    410, "challenge-ending", "The code expires before another mail would come; sign in again"
)
RESEND_TOO_SOON: Final = ProblemType(
    429,
    "resend-too-soon",
    "The mail was sent just now; wait before the next one",
    "until `resend_available_at`, and for the seconds in `Retry-After`",
    {"resend_available_at": "2026-11-24T09:00:30+00:00"},
)
NO_MORE_RESENDS: Final = ProblemType(429, "no-more-resends", "This code is not sent again; sign in again")
TOO_MANY_MAILS: Final = ProblemType(
    429,
    "too-many-mails",
    "This account was sent too many codes",
    "until `retry_at`, and for the seconds in `Retry-After`",
    {"retry_at": "2026-11-25T09:00:00+00:00"},
)
CHALLENGE_TOKEN_NEEDED: Final = ProblemType(401, "challenge-token-needed", "The challenge token is needed")

UNAUTHENTICATED: Final = ProblemType(401, "unauthenticated", "A valid access token is needed")
INSUFFICIENT: Final = ProblemType(
    401,
    "insufficient-user-authentication",
    "A stronger or more recent authentication is needed",
    "what is asked for is in `WWW-Authenticate` too (RFC 9470)",
    {"acr_values": "urn:gatepost:acr:email-otp", "max_age": "600"},
)
INVALID_REFRESH_TOKEN: Final = ProblemType(
    401,
    "invalid-refresh-token",
    "This refresh token holds no longer; sign in again",
    members={"reason": "replayed"},
)

UNKNOWN_ACCOUNT: Final = ProblemType(404, "unknown-account", "There is no such account")
NOTHING_TO_CONFIRM: Final = ProblemType(404, "nothing-to-confirm", "No secret was offered; start again")
UNKNOWN_DEVICE: Final = ProblemType(404, "unknown-device", "There is no such device")
UNKNOWN_IMPORT: Final = ProblemType(404, "unknown-import", "There is no such import")
IMPORT_RUNNING: Final = ProblemType(409, "import-running", "Another call goes on with this import")
BODY_BROKEN_OFF: Final = ProblemType(400, "body-broken-off", "The body was broken off; send it again")
PURPOSE_RESERVED: Final = ProblemType(422, "purpose-reserved", "A step-up for this is not offered here")
