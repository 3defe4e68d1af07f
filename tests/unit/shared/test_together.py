"""Whoever asks at the same time asks together."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.together import Together
from shared.unavailable import DependencyUnavailable


class Oracle:
    """Answers with the question itself; one below zero is refused, a zero breaks the whole call."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, questions: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(questions))
        await self.may_answer.wait()
        if 0 in questions:
            raise DependencyUnavailable("oracle")
        return [each if each > 0 else ValueError(each) for each in questions]


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def ask(oracle: Oracle) -> Together[int, int]:
    return Together(oracle)


async def test_a_crowd_is_one_call_and_each_gets_its_own_answer(oracle: Oracle, ask: Together[int, int]) -> None:
    assert await asyncio.gather(*map(ask, range(1, 100))) == list(range(1, 100))
    assert await ask(100) == 100
    assert oracle.calls == [list(range(1, 100)), [100]]


async def test_what_is_about_different_places_is_asked_apart(oracle: Oracle, ask: Together[int, int]) -> None:
    assert await asyncio.gather(*map(ask, (1, 2, 3), "aba")) == [1, 2, 3]
    assert oracle.calls == [[1, 3], [2]]


async def test_an_error_of_one_is_told_to_that_one_alone(ask: Together[int, int]) -> None:
    one, other, third = await asyncio.gather(ask(1), ask(-2), ask(3), return_exceptions=True)
    assert (one, third) == (1, 3)
    assert isinstance(other, ValueError)


async def test_an_error_of_the_call_is_told_to_all(ask: Together[int, int]) -> None:
    answers = await asyncio.gather(*map(ask, range(5)), return_exceptions=True)
    assert [type(each) for each in answers] == [DependencyUnavailable] * 5


async def test_one_who_leaves_takes_nobody_along_and_no_answer_changes_hands(
    oracle: Oracle, ask: Together[int, int]
) -> None:
    oracle.may_answer.clear()
    asking = [asyncio.create_task(ask(number)) for number in (1, 2, 3)]
    while not oracle.calls:
        await asyncio.sleep(0)
    asking[1].cancel()
    oracle.may_answer.set()
    one, left, third = await asyncio.gather(*asking, return_exceptions=True)
    assert (one, third) == (1, 3)
    assert isinstance(left, asyncio.CancelledError)


async def test_a_call_that_hangs_holds_up_nobody_who_asks_later(oracle: Oracle, ask: Together[int, int]) -> None:
    oracle.may_answer.clear()
    stuck = asyncio.create_task(ask(1))
    while not oracle.calls:
        await asyncio.sleep(0)
    oracle.may_answer = asyncio.Event()
    oracle.may_answer.set()
    assert await ask(2) == 2
    assert not stuck.done()
    stuck.cancel()
