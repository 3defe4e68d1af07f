"""Whoever asks at the same time asks together: a busy process makes a few calls for hundreds of questions."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """The questions of one pass of the event loop, about the same place, become one call of `ask_all`.

    It answers in their order; an exception in the place of an answer is raised to that one who asked, one that it
    raises itself to all. None waits for a call that went out before: one that hangs holds up its own questions alone.
    """

    def __init__(self, ask_all: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]]) -> None:
        self._ask_all = ask_all
        self._asking: dict[Hashable, list[tuple[Q, asyncio.Future[A]]]] = {}
        self._calls: set[asyncio.Task[None]] = set()  # nobody else holds them

    async def __call__(self, question: Q, place: Hashable = None) -> A:
        """Who is cancelled has asked all the same."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        if place in self._asking:
            self._asking[place].append((question, answer))
        else:
            self._asking[place] = [(question, answer)]
            task = asyncio.create_task(self._call(place))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        return await answer

    async def _call(self, place: Hashable) -> None:
        asking = self._asking.pop(place)
        try:
            answers = await self._ask_all([question for question, _ in asking])
        except Exception as error:  # else they would wait for ever
            answers = [error] * len(asking)
        for (_, future), answer in zip(asking, answers, strict=True):
            if future.done():  # cancelled
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
