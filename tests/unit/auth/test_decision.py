"""Who is asked for what (DESIGN §4): every row, and what holds for all of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.decision import Decision, DeviceStanding, Evidence, Outcome, Reason, Rules, decide
from services.auth.domain.region_policy import cohort_of
from shared.events import PolicyMode, RegionPolicyChanged
from tests.fakes import NOW
from tests.unit.auth.samples import ACCOUNT_ID, SALT, account, policy

REFUSED, ALLOWED, CHALLENGED = Outcome.REFUSED, Outcome.ALLOWED, Outcome.CHALLENGED
COHORT = cohort_of(SALT, ACCOUNT_ID)
LOCKED = AccountStatus.LOCKED


GRACE = Rules(new_account_grace=timedelta(days=1))
NEW = {"registered_at": NOW - timedelta(hours=1)}
IN, OUT = policy(PolicyMode.RAMP, percent=COHORT + 1), policy(PolicyMode.RAMP, percent=COHORT)
ENDED = policy(PolicyMode.BYPASSED, bypass_until=NOW)
EVERY_POLICY = [policy(mode) for mode in PolicyMode] + [IN, OUT, ENDED, None]
WORTHLESS = [standing for standing in DeviceStanding if standing is not DeviceStanding.TRUSTED]

# account, policy, outcome, reason: the password was right, and no device was brought
ROWS: list[tuple[dict[str, Any], RegionPolicyChanged | None, Outcome, Reason]] = [
    ({}, policy(PolicyMode.OFF), ALLOWED, Reason.REGION_OFF),
    ({}, policy(PolicyMode.OFF, percent=10_000), ALLOWED, Reason.REGION_OFF),
    ({}, policy(PolicyMode.SHADOW), Outcome.WOULD_CHALLENGE, Reason.REGION_SHADOW),
    ({}, OUT, ALLOWED, Reason.OUTSIDE_RAMP),
    ({}, IN, CHALLENGED, Reason.INSIDE_RAMP),
    ({}, policy(PolicyMode.RAMP, percent=0), ALLOWED, Reason.OUTSIDE_RAMP),
    ({}, policy(PolicyMode.RAMP, percent=10_000), CHALLENGED, Reason.INSIDE_RAMP),
    ({}, policy(PolicyMode.ENFORCED), CHALLENGED, Reason.REGION_ENFORCED),
    ({}, policy(PolicyMode.BYPASSED), ALLOWED, Reason.REGION_BYPASSED),
    ({}, ENDED, CHALLENGED, Reason.BYPASS_ENDED),
    ({}, None, CHALLENGED, Reason.REGION_UNKNOWN),  # the region is unknown, or its policy is missing
    *(({"sso": True, **more}, each, REFUSED, Reason.USE_SSO)
      for more in ({}, {"status": LOCKED}, {"own_mfa": True}, {"totp": True}) for each in EVERY_POLICY),
    *(({"status": LOCKED, **more}, each, REFUSED, Reason.ACCOUNT_LOCKED)
      for more in ({}, {"own_mfa": True}, {"totp": True}) for each in EVERY_POLICY),
    *(({"totp": True, **more}, each, CHALLENGED, Reason.TOTP_ENROLLED)
      for more in ({}, {"own_mfa": True}, NEW) for each in EVERY_POLICY),
    *(({"own_mfa": True}, each, ALLOWED, Reason.OWN_MFA) for each in EVERY_POLICY),
]  # fmt: skip


def named(value: object) -> str:
    return str(getattr(value, "value", None) or getattr(value, "mode", None) or value)


@pytest.mark.parametrize(("changes", "region_policy", "outcome", "reason"), ROWS, ids=named)
def test_each_row_of_the_decision(
    changes: dict[str, Any], region_policy: RegionPolicyChanged | None, outcome: Outcome, reason: Reason
) -> None:
    decision = judged(account(**changes), True, region_policy, NOW)

    assert (decision.outcome, decision.reason) == (outcome, reason)


@pytest.mark.parametrize("standing", WORTHLESS, ids=str)
@pytest.mark.parametrize(("changes", "region_policy", "outcome", "reason"), ROWS, ids=named)
def test_a_device_that_is_unknown_expired_foreign_revoked_or_replayed_changes_nothing(
    standing: DeviceStanding,
    changes: dict[str, Any],
    region_policy: RegionPolicyChanged | None,
    outcome: Outcome,
    reason: Reason,
) -> None:
    decision = decide(account(**changes), Evidence(True, NOW, standing), region_policy, Rules())

    assert (decision.outcome, decision.reason) == (outcome, reason)


@pytest.mark.parametrize(("changes", "region_policy", "outcome", "reason"), ROWS, ids=named)
def test_a_trusted_device_spares_every_code_and_opens_no_closed_account(
    changes: dict[str, Any], region_policy: RegionPolicyChanged | None, outcome: Outcome, reason: Reason
) -> None:
    decision = decide(account(**changes), Evidence(True, NOW, DeviceStanding.TRUSTED), region_policy, Rules())

    expected = (outcome, reason) if outcome is REFUSED else (ALLOWED, Reason.TRUSTED_DEVICE)
    assert (decision.outcome, decision.reason) == expected


@pytest.mark.parametrize(("changes", "region_policy", "outcome", "reason"), ROWS, ids=named)
def test_the_grace_of_a_new_account_holds_in_a_ramp_and_nowhere_else(
    changes: dict[str, Any], region_policy: RegionPolicyChanged | None, outcome: Outcome, reason: Reason
) -> None:
    decision = decide(account(**{**changes, **NEW}), Evidence(True, NOW), region_policy, GRACE)

    spared = reason is Reason.INSIDE_RAMP
    assert (decision.outcome, decision.reason) == ((ALLOWED, Reason.NEW_ACCOUNT_GRACE) if spared else (outcome, reason))


@pytest.mark.parametrize("registered_at", [None, NOW - timedelta(days=1), NOW + timedelta(seconds=1)], ids=str)
def test_an_account_that_is_not_new_has_no_grace(registered_at: datetime | None) -> None:
    decision = decide(account(registered_at=registered_at), Evidence(True, NOW), IN, GRACE)

    assert decision.reason is Reason.INSIDE_RAMP


@pytest.mark.parametrize(
    "who", [None, account(), account(sso=True), account(status=LOCKED), account(totp=True)], ids=str
)
@pytest.mark.parametrize("region_policy", EVERY_POLICY, ids=named)
@pytest.mark.parametrize("standing", DeviceStanding, ids=str)
def test_a_wrong_password_and_an_unknown_name_are_refused_alike(
    who: Account | None, region_policy: RegionPolicyChanged | None, standing: DeviceStanding
) -> None:
    decision = decide(who, Evidence(who is None, NOW, standing), region_policy, GRACE)

    assert decision == Decision(REFUSED, Reason.INVALID_CREDENTIALS)


def test_a_decision_by_region_records_its_version() -> None:
    assert judged(account(), True, policy(), NOW) == Decision(CHALLENGED, Reason.REGION_ENFORCED, 7, "emea")
    assert judged(account(), True, None, NOW) == Decision(CHALLENGED, Reason.REGION_UNKNOWN, None, "emea")


def test_a_bypass_ends_by_the_clock() -> None:
    ending = policy(PolicyMode.BYPASSED, bypass_until=NOW + timedelta(seconds=1))

    assert judged(account(), True, ending, NOW).outcome is ALLOWED
    assert judged(account(), True, ending, NOW + timedelta(seconds=1)).outcome is CHALLENGED


def test_a_bypass_of_a_ramp_ends_in_that_ramp() -> None:
    over = policy(PolicyMode.BYPASSED, percent=5_000, bypass_until=NOW)
    ramp = policy(PolicyMode.RAMP, percent=5_000)
    everybody = [account(id=UUID(int=number)) for number in range(100)]
    after = [judged(each, True, over, NOW).outcome for each in everybody]
    assert after == [judged(each, True, ramp, NOW).outcome for each in everybody]
    assert {ALLOWED, CHALLENGED} == set(after)


def judged(
    who: Account | None, password_correct: bool, region_policy: RegionPolicyChanged | None, now: datetime
) -> Decision:
    return decide(who, Evidence(password_correct, now), region_policy, Rules())


times = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
accounts = st.builds(
    account,
    id=st.uuids(),
    sso=st.booleans(),
    own_mfa=st.booleans(),
    totp=st.booleans(),
    recovery_codes=st.booleans(),
    registered_at=st.none() | times,
    status=st.sampled_from(AccountStatus),
    region=st.sampled_from(["emea", "apac", "nowhere"]),
)
policies = st.one_of(
    st.builds(
        policy,
        st.sampled_from([mode for mode in PolicyMode if mode is not PolicyMode.BYPASSED]),
        percent=st.integers(0, 10_000),
        salt=st.text("abcdef", min_size=8, max_size=16),
    ),
    st.builds(policy, st.just(PolicyMode.BYPASSED), bypass_until=times),
)


rules = st.builds(Rules, new_account_grace=st.timedeltas(timedelta(0), timedelta(days=3650)))
evidence = st.builds(Evidence, st.booleans(), times, st.sampled_from(DeviceStanding))


@given(accounts | st.none(), evidence, policies | st.none(), rules)
def test_no_input_lets_in_who_is_to_be_challenged(
    who: Account | None, came: Evidence, region_policy: RegionPolicyChanged | None, deployment: Rules
) -> None:
    decision = decide(who, came, region_policy, deployment)
    if decision.outcome not in (ALLOWED, Outcome.WOULD_CHALLENGE):
        return
    assert who is not None
    assert came.password_correct
    assert who.may_sign_in
    enforced = region_policy is None or region_policy.mode is PolicyMode.ENFORCED
    bypass_over = region_policy is not None and region_policy.mode is PolicyMode.BYPASSED and (
        region_policy.bypass_until is None or came.now >= region_policy.bypass_until)  # fmt: skip
    if enforced or bypass_over:
        assert came.device is DeviceStanding.TRUSTED or (who.own_mfa and not who.totp)
    if who.totp:
        assert came.device is DeviceStanding.TRUSTED


@given(accounts | st.none(), policies | st.none(), times)
def test_a_wrong_password_learns_nothing(
    who: Account | None, region_policy: RegionPolicyChanged | None, now: datetime
) -> None:
    assert judged(who, False, region_policy, now) == Decision(REFUSED, Reason.INVALID_CREDENTIALS)
    assert judged(None, True, region_policy, now) == Decision(REFUSED, Reason.INVALID_CREDENTIALS)
