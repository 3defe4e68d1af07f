"""Chunks become lines, wherever they were cut."""

from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.use_cases.split_lines import MAX_LINE_BYTES, Line, split_lines


async def chunks(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def lines(*parts: bytes) -> list[Line]:
    return [line async for line in split_lines(chunks(parts))]


@given(st.lists(st.text(alphabet="ab\n", max_size=9).map(str.encode)))
async def test_it_makes_no_difference_where_the_chunks_are_cut(parts: list[bytes]) -> None:
    content = b"".join(parts)
    found = await lines(*parts)

    assert found == await lines(content)
    assert [line.content for line in found] == content.split(b"\n")[: len(found)]
    assert sum(line.size for line in found) == len(content)
    assert [line.number for line in found] == list(range(1, len(found) + 1))


async def test_the_last_line_needs_no_line_break_and_a_line_break_begins_no_line() -> None:
    assert await lines(b"one\ntwo") == [Line(1, b"one", 4), Line(2, b"two", 3)]
    assert await lines(b"one\ntwo\n") == [Line(1, b"one", 4), Line(2, b"two", 4)]
    assert await lines() == []


@pytest.mark.parametrize("cut", [1, 1_000, MAX_LINE_BYTES * 3])
async def test_a_line_that_is_too_long_is_passed_over_without_being_held(cut: int) -> None:
    content = b"a" * MAX_LINE_BYTES + b"\n" + b"b" * (MAX_LINE_BYTES + 1) + b"\nc\n" + b"d" * (2 * MAX_LINE_BYTES)
    found = await lines(*(content[at : at + cut] for at in range(0, len(content), cut)))

    kept = [line.content and line.content[:1] for line in found]
    assert kept == [b"a", None, b"c", None]
    assert found[1].size == MAX_LINE_BYTES + 2
