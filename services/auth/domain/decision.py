"""Who is asked for what: one pure function, every answer with its reason (DESIGN §4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
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
    TRUSTED_DEVICE = "trusted-device"
    TOTP_ENROLLED = "totp-enrolled"
    OWN_MFA = "own-mfa"
    REGION_OFF = "region-off"
    REGION_SHADOW = "region-shadow"
    OUTSIDE_RAMP = "outside-ramp"
    INSIDE_RAMP = "inside-ramp"
    REGION_ENFORCED = "region-enforced"
    REGION_BYPASSED = "region-bypassed"
    BYPASS_ENDED = "bypass-ended"
    REGION_UNKNOWN = "region-unknown"
    NEW_ACCOUNT_GRACE = "new-account-grace"
    STEP_UP = "step-up"  # asked for by a caller or by the account's owner, not by a region


class DeviceStanding(StrEnum):
    """What became of the device token that came with a login. Only TRUSTED spares anybody anything."""

    NONE = "none"
    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FOREIGN = "foreign"  # another account's
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Decision:
    """`region` and `policy_version` are None where nothing was decided by a region."""

    outcome: Outcome
    reason: Reason
    policy_version: int | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came with a login, already looked at."""

    password_correct: bool
    now: datetime
    device: DeviceStanding = DeviceStanding.NONE


@dataclass(frozen=True, slots=True)
class Rules:
    """What a deployment decides for itself.

    `new_account_grace` spares who signed up so recently that the address was proved then; it holds in a ramp only,
    never where a region is enforced, bypassed or unknown. Zero: nobody is spared.
    """

    new_account_grace: timedelta = timedelta(0)

    def in_grace(self, account: Account, now: datetime) -> bool:
        if account.registered_at is None:
            return False
        return timedelta(0) <= now - account.registered_at < self.new_account_grace


def decide(account: Account | None, evidence: Evidence, policy: RegionPolicyChanged | None, rules: Rules) -> Decision:
    """`policy` is that of the account's region, None when it is unknown: then a code is asked for.

    Nothing about an account is said before its password was right.
    """
    if account is None or not evidence.password_correct:
        return Decision(Outcome.REFUSED, Reason.INVALID_CREDENTIALS)
    if account.sso:
        return Decision(Outcome.REFUSED, Reason.USE_SSO)
    if account.status is not AccountStatus.ACTIVE:
        return Decision(Outcome.REFUSED, Reason.ACCOUNT_LOCKED)
    outcome, reason = _by_factor(account, evidence) or _by_region(account, policy, evidence.now, rules)
    return Decision(outcome, reason, policy.version if policy else None, account.region)


def _by_factor(account: Account, evidence: Evidence) -> tuple[Outcome, Reason] | None:
    """What the person has settles it, whatever the region asks for."""
    if evidence.device is DeviceStanding.TRUSTED:
        return Outcome.ALLOWED, Reason.TRUSTED_DEVICE
    if account.totp:
        return Outcome.CHALLENGED, Reason.TOTP_ENROLLED
    if account.own_mfa:
        return Outcome.ALLOWED, Reason.OWN_MFA
    return None


def _by_region(
    account: Account, policy: RegionPolicyChanged | None, now: datetime, rules: Rules
) -> tuple[Outcome, Reason]:
    if policy is None:
        return Outcome.CHALLENGED, Reason.REGION_UNKNOWN
    match policy.mode:
        case PolicyMode.OFF:
            return Outcome.ALLOWED, Reason.REGION_OFF
        case PolicyMode.SHADOW:
            return Outcome.WOULD_CHALLENGE, Reason.REGION_SHADOW
        case PolicyMode.RAMP if not in_ramp(policy, account.id):
            return Outcome.ALLOWED, Reason.OUTSIDE_RAMP
        case PolicyMode.RAMP if rules.in_grace(account, now):
            return Outcome.ALLOWED, Reason.NEW_ACCOUNT_GRACE
        case PolicyMode.RAMP:
            return Outcome.CHALLENGED, Reason.INSIDE_RAMP
        case PolicyMode.BYPASSED if bypass_holds(policy, now):
            return Outcome.ALLOWED, Reason.REGION_BYPASSED
        case PolicyMode.BYPASSED if policy.percent > 0 and not in_ramp(policy, account.id):
            return Outcome.ALLOWED, Reason.OUTSIDE_RAMP  # a bypass of a ramp ends in that ramp
        case PolicyMode.BYPASSED:
            return Outcome.CHALLENGED, Reason.BYPASS_ENDED
        case PolicyMode.ENFORCED:
            return Outcome.CHALLENGED, Reason.REGION_ENFORCED
