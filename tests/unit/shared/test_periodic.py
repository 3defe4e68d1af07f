"""What is done again and again goes on, whatever becomes of one time."""

import asyncio

import pytest
from structlog.testing import capture_logs

from shared.periodic import periodically
from shared.unavailable import DependencyUnavailable
from tests.wait_until import wait_until


@pytest.mark.parametrize(
    ("failure", "event"),
    [(DependencyUnavailable("postgres"), "periodic_work_waits"), (ValueError("broken"), "periodic_work_failed")],
    ids=["outage", "mistake"],
)
async def test_a_failure_is_told_and_the_next_time_comes(failure: Exception, event: str) -> None:
    times = 0

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise failure

    with capture_logs() as logs:
        going_on = asyncio.create_task(periodically("counting", 0, work))
        await wait_until(lambda: times >= 3)
        going_on.cancel()
    assert [(each["event"], each["work"]) for each in logs] == [(event, "counting")]


async def test_it_ends_with_the_service() -> None:
    async def work() -> None: ...

    going_on = asyncio.create_task(periodically("nothing", 60, work))
    await asyncio.sleep(0)
    going_on.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going_on
