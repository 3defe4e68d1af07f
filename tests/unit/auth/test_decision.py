"""Who is asked for what (DESIGN §4): every row, and what holds for all of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.account import Account, AccountStatus
from services.auth.domain.decision import Decision, Evidence, Outcome, Reason, Rules, decide
from services.auth.domain.region_policy import cohort_of
from shared.events import PolicyMode, RegionPolicyChanged
from tests.fakes import NOW
from tests.unit.auth.samples import ACCOUNT_ID, SALT, account, policy

REFUSED, ALLOWED, CHALLENGED = Outcome.REFUSED, Outcome.ALLOWED, Outcome.CHALLENGED
COHORT = cohort_of(SALT, ACCOUNT_ID)
LOCKED = AccountStatus.LOCKED


@pytest.mark.parametrize(
    ("changes", "region_policy", "outcome", "reason"),
    [
        ({"sso": True}, policy(), REFUSED, Reason.USE_SSO),
        ({"sso": True, "status": LOCKED}, policy(), REFUSED, Reason.USE_SSO),
        ({"sso": True, "own_mfa": True}, None, REFUSED, Reason.USE_SSO),
        ({"status": LOCKED}, policy(PolicyMode.OFF), REFUSED, Reason.ACCOUNT_LOCKED),
        ({"status": LOCKED, "own_mfa": True}, policy(), REFUSED, Reason.ACCOUNT_LOCKED),
        ({"own_mfa": True}, policy(), ALLOWED, Reason.OWN_MFA),
        ({"own_mfa": True}, None, ALLOWED, Reason.OWN_MFA),
        ({}, policy(PolicyMode.OFF), ALLOWED, Reason.REGION_OFF),
        ({}, policy(PolicyMode.OFF, percent=10_000), ALLOWED, Reason.REGION_OFF),
        ({}, policy(PolicyMode.SHADOW), Outcome.WOULD_CHALLENGE, Reason.REGION_SHADOW),
        ({}, policy(PolicyMode.RAMP, percent=COHORT), ALLOWED, Reason.OUTSIDE_RAMP),
        ({}, policy(PolicyMode.RAMP, percent=COHORT + 1), CHALLENGED, Reason.INSIDE_RAMP),
        ({}, policy(PolicyMode.RAMP, percent=0), ALLOWED, Reason.OUTSIDE_RAMP),
        ({}, policy(PolicyMode.RAMP, percent=10_000), CHALLENGED, Reason.INSIDE_RAMP),
        ({}, policy(PolicyMode.BYPASSED), ALLOWED, Reason.REGION_BYPASSED),
        ({}, policy(PolicyMode.BYPASSED, bypass_until=NOW), CHALLENGED, Reason.BYPASS_ENDED),
        ({}, policy(PolicyMode.ENFORCED), CHALLENGED, Reason.REGION_ENFORCED),
        ({}, None, CHALLENGED, Reason.REGION_UNKNOWN),
    ],
    ids=lambda value: getattr(value, "value", None) or (value and getattr(value, "mode", None)) or str(value),
)
def test_each_row_of_the_decision(
    changes: dict[str, Any], region_policy: RegionPolicyChanged | None, outcome: Outcome, reason: Reason
) -> None:
    decision = judged(account(**changes), True, region_policy, NOW)

    assert (decision.outcome, decision.reason) == (outcome, reason)


def test_a_decision_by_region_records_its_version() -> None:
    assert judged(account(), True, policy(), NOW) == Decision(CHALLENGED, Reason.REGION_ENFORCED, 7, "emea")
    assert judged(account(), True, None, NOW) == Decision(CHALLENGED, Reason.REGION_UNKNOWN, None, "emea")


def test_a_bypass_ends_by_the_clock() -> None:
    ending = policy(PolicyMode.BYPASSED, bypass_until=NOW + timedelta(seconds=1))

    assert judged(account(), True, ending, NOW).outcome is ALLOWED
    assert judged(account(), True, ending, NOW + timedelta(seconds=1)).outcome is CHALLENGED


def judged(
    who: Account | None, password_correct: bool, region_policy: RegionPolicyChanged | None, now: datetime
) -> Decision:
    return decide(who, Evidence(password_correct, now), region_policy, Rules())


accounts = st.builds(
    account,
    id=st.uuids(),
    sso=st.booleans(),
    own_mfa=st.booleans(),
    status=st.sampled_from(AccountStatus),
    region=st.sampled_from(["emea", "apac", "nowhere"]),
)
times = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
policies = st.one_of(
    st.builds(
        policy,
        st.sampled_from([mode for mode in PolicyMode if mode is not PolicyMode.BYPASSED]),
        percent=st.integers(0, 10_000),
        salt=st.text("abcdef", min_size=8, max_size=16),
    ),
    st.builds(policy, st.just(PolicyMode.BYPASSED), bypass_until=times),
)


@given(accounts, policies | st.none(), times)
def test_in_an_enforced_or_unknown_region_nobody_without_a_factor_is_allowed(
    who: Account, region_policy: RegionPolicyChanged | None, now: datetime
) -> None:
    decision = judged(who, True, region_policy, now)
    enforced = region_policy is None or region_policy.mode is PolicyMode.ENFORCED
    if enforced and not who.sso and not who.own_mfa:
        assert decision.outcome in (CHALLENGED, REFUSED)
    if decision.outcome in (ALLOWED, Outcome.WOULD_CHALLENGE):
        assert who.own_mfa or (region_policy is not None and region_policy.mode is not PolicyMode.ENFORCED)
        assert who.status is AccountStatus.ACTIVE
        assert not who.sso


@given(accounts | st.none(), policies | st.none(), times)
def test_a_wrong_password_learns_nothing(
    who: Account | None, region_policy: RegionPolicyChanged | None, now: datetime
) -> None:
    assert judged(who, False, region_policy, now) == Decision(REFUSED, Reason.INVALID_CREDENTIALS)
    assert judged(None, True, region_policy, now) == Decision(REFUSED, Reason.INVALID_CREDENTIALS)
