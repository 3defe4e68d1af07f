"""Cohorts that only grow, and the newest policy of each region."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.region_policy import COHORTS, RegionPolicies, cohort_of, in_ramp
from shared.events import PolicyMode
from tests.unit.auth.samples import ACCOUNT_ID, SALT, policy


@given(st.uuids(), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_higher_percentage_is_always_a_superset(account_id: UUID, one: int, other: int) -> None:
    low, high = sorted((one, other))
    if in_ramp(policy(PolicyMode.RAMP, percent=low), account_id):
        assert in_ramp(policy(PolicyMode.RAMP, percent=high), account_id)


@given(st.uuids(), st.integers(0, 10_000), st.integers(1, 1000))
def test_a_new_version_reshuffles_nobody(account_id: UUID, percent: int, version: int) -> None:
    before = policy(PolicyMode.RAMP, percent=percent)

    assert in_ramp(before, account_id) == in_ramp(before.model_copy(update={"version": version}), account_id)


@given(st.uuids())
def test_none_at_nought_and_all_at_a_hundred_percent(account_id: UUID) -> None:
    assert not in_ramp(policy(PolicyMode.RAMP, percent=0), account_id)
    assert in_ramp(policy(PolicyMode.RAMP, percent=10_000), account_id)


def test_cohorts_are_about_even() -> None:
    deciles = Counter(cohort_of(SALT, UUID(int=number)) * 10 // COHORTS for number in range(20_000))

    # 20 000 in 10: 2 000 each, standard deviation 42; five of them either way happens once in a million runs, and
    # this run is always the same.
    assert set(deciles) == set(range(10))
    assert all(abs(count - 2000) < 5 * 42 for count in deciles.values())


def test_another_salt_is_another_order() -> None:
    people = [UUID(int=number) for number in range(1000)]
    both = sum(cohort_of("salt-one", who) < 1000 and cohort_of("salt-two", who) < 1000 for who in people)

    assert both < 30  # 1 % by chance


def test_the_cohort_of_an_account_is_fixed_for_ever() -> None:
    """If this fails, a deployment reshuffles who is in."""
    assert cohort_of("0123456789abcdef", ACCOUNT_ID) == 3912


def test_a_lower_version_never_replaces_a_higher_one() -> None:
    policies = RegionPolicies()

    assert policies.apply(policy(version=7))
    assert not policies.apply(policy(PolicyMode.OFF, version=6))
    assert policies.of("emea") == policy(version=7)


def test_the_same_version_again_is_no_news() -> None:
    policies = RegionPolicies()
    policies.apply(policy())

    assert not policies.apply(policy())


@given(st.lists(st.integers(1, 20), min_size=1))
def test_in_whatever_order_versions_come_the_highest_holds(versions: list[int]) -> None:
    policies = RegionPolicies()
    for version in versions:
        policies.apply(policy(version=version))

    assert policies.of("emea") == policy(version=max(versions))


def test_a_region_whose_policy_cannot_be_read_is_unknown_until_one_can() -> None:
    policies = RegionPolicies()
    policies.apply(policy(PolicyMode.OFF, version=7))
    policies.forget("emea")
    assert policies.of("emea") is None
    policies.apply(policy(version=6))  # older than what cannot be read
    assert policies.of("emea") is None
    policies.apply(policy(version=8))

    assert policies.of("emea") == policy(version=8)


def test_a_start_from_what_we_know_does_not_know_more_than_we_do() -> None:
    """The snapshot of a region that counts as unknown would bring back its last readable policy, perhaps `off`."""
    policies = RegionPolicies()
    policies.apply(policy(PolicyMode.OFF))
    policies.apply(policy(region="apac"))
    policies.forget("emea")
    restarted = RegionPolicies()
    for kept in policies.all():
        restarted.apply(kept)

    assert restarted.of("emea") is None
    assert restarted.of("apac") == policy(region="apac")
