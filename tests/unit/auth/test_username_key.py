"""What makes two usernames the same one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.account import username_key

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kim", "kIM"),
        ("kim", " kim "),
        ("ｋｉｍ", "kim"),
        ("Zoë", "Zoe\u0308"),
        ("STRASSE", "straße"),
        ("Ångström", "ÅNGSTRÖM"),
        ("ﬁn", "fin"),
    ],
)
def test_case_width_composition_and_spaces_around_do_not_count(one: str, other: str) -> None:
    assert username_key(one) == username_key(other)


@pytest.mark.parametrize(("one", "other"), [("kim", "kım"), ("kim", "kim1"), ("a b", "ab"), ("pаyment", "payment")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert username_key(one) != username_key(other)


@given(TEXT)
def test_a_key_is_its_own_key(name: str) -> None:
    assert username_key(username_key(name)) == username_key(name)


@given(TEXT)
def test_each_way_to_compose_a_name_has_one_key(name: str) -> None:
    assert len({username_key(unicodedata.normalize(form, name)) for form in ("NFC", "NFD", "NFKC", "NFKD")}) == 1
