"""If-Match and If-None-Match."""

import pytest

from services.rollout.api.conditional import ChangeOf, Creation, Unusable, already_has, precondition


@pytest.mark.parametrize("header", ['"3"', "3", 'W/"3"'])
def test_a_version_may_be_quoted_bare_or_weak(header: str) -> None:
    assert precondition(header, None) == ChangeOf(3)


def test_a_star_in_if_none_match_creates() -> None:
    assert precondition(None, "*") == Creation()


def test_neither_header_is_its_own_answer() -> None:
    assert precondition(None, None) is Unusable.MISSING


@pytest.mark.parametrize(
    "header", ["*", "", '"', '"3', "3\n", '"3", "4"', "W/3", "-1", "+3", "3.0", "0x3", "３", "abc", "1" * 10]
)
def test_anything_else_in_if_match_is_malformed(header: str) -> None:
    assert precondition(header, None) is Unusable.MALFORMED


@pytest.mark.parametrize("header", ["", '"3"', "**"])
def test_anything_but_a_star_in_if_none_match_is_malformed(header: str) -> None:
    assert precondition(None, header) is Unusable.MALFORMED


def test_both_headers_at_once_are_malformed() -> None:
    assert precondition('"3"', "*") is Unusable.MALFORMED


@pytest.mark.parametrize("header", ['"a"', 'W/"a"', '"b", W/"a"', "*"])
def test_a_reader_with_the_same_tag_has_it_already(header: str) -> None:
    assert already_has(header, '"a"')


@pytest.mark.parametrize("header", [None, "", "a", '"b"', '"ab"'])
def test_a_reader_without_the_tag_gets_it(header: str | None) -> None:
    assert not already_has(header, '"a"')
