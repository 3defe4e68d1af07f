"""Who is asked for what: one pure function, every answer with its reason (DESIGN §4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.region_policy import bypass_holds, in_ramp
from shared.events import PolicyMode, RegionPolicyChanged


class Outcome(StrEnum):
    ALLOWED = "allowed"
    WOULD_CHALLENGE = "would-challenge"  # allowed, but counted: what the region would do if it were enforced
    CHALLENGED = "challenged"
    COMPLETED = "completed"  # a challenge that was met
    REFUSED = "refused"


class Reason(StrEnum):
    INVALID_CREDENTIALS = "invalid-credentials"
    USE_SSO = "use-sso"
    ACCOUNT_LOCKED = "account-locked"
    OWN_MFA = "own-mfa"
    REGION_OFF = "region-off"
    REGION_SHADOW = "region-shadow"
    OUTSIDE_RAMP = "outside-ramp"
    INSIDE_RAMP = "inside-ramp"
    REGION_ENFORCED = "region-enforced"
    REGION_BYPASSED = "region-bypassed"
    BYPASS_ENDED = "bypass-ended"
    REGION_UNKNOWN = "region-unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """`region` and `policy_version` are None where nothing was decided by a region."""

    outcome: Outcome
    reason: Reason
    policy_version: int | None = None
    region: str | None = None


def decide(
    account: Account | None, password_correct: bool, policy: RegionPolicyChanged | None, now: datetime
) -> Decision:
    """`policy` is that of the account's region, None when it is unknown: then a code is asked for.

    Nothing about an account is said before its password was right.
    """
    if account is None or not password_correct:
        return Decision(Outcome.REFUSED, Reason.INVALID_CREDENTIALS)
    if account.sso:
        return Decision(Outcome.REFUSED, Reason.USE_SSO)
    if account.status is not AccountStatus.ACTIVE:
        return Decision(Outcome.REFUSED, Reason.ACCOUNT_LOCKED)
    if account.own_mfa:
        return Decision(Outcome.ALLOWED, Reason.OWN_MFA, policy.version if policy else None, account.region)
    if policy is None:
        return Decision(Outcome.CHALLENGED, Reason.REGION_UNKNOWN, None, account.region)
    outcome, reason = _by_region(policy, account, now)
    return Decision(outcome, reason, policy.version, account.region)


def _by_region(policy: RegionPolicyChanged, account: Account, now: datetime) -> tuple[Outcome, Reason]:
    match policy.mode:
        case PolicyMode.OFF:
            return Outcome.ALLOWED, Reason.REGION_OFF
        case PolicyMode.SHADOW:
            return Outcome.WOULD_CHALLENGE, Reason.REGION_SHADOW
        case PolicyMode.RAMP if not in_ramp(policy, account.id):
            return Outcome.ALLOWED, Reason.OUTSIDE_RAMP
        case PolicyMode.RAMP:
            return Outcome.CHALLENGED, Reason.INSIDE_RAMP
        case PolicyMode.BYPASSED if bypass_holds(policy, now):
            return Outcome.ALLOWED, Reason.REGION_BYPASSED
        case PolicyMode.BYPASSED:
            return Outcome.CHALLENGED, Reason.BYPASS_ENDED
        case PolicyMode.ENFORCED:
            return Outcome.CHALLENGED, Reason.REGION_ENFORCED
