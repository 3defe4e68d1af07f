"""A provider that fails is left alone, then tried by one call."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from services.notifier.adapters.circuit import Circuit, CircuitOpen, ProviderFailed
from tests.wait_until import wait_until


def fail(circuit: Circuit, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ProviderFailed), circuit.call():
            raise ProviderFailed


def succeed(circuit: Circuit) -> None:
    with circuit.call():
        pass


@pytest.fixture
def broken() -> Circuit:
    circuit = Circuit("sendgrid", open_s=0.05, failures=3)
    fail(circuit, 3)
    return circuit


def test_failures_in_a_row_open_it_and_a_success_between_starts_anew() -> None:
    circuit = Circuit("sendgrid", open_s=60, failures=3)
    fail(circuit, 2)
    succeed(circuit)
    fail(circuit, 2)
    assert circuit.closed
    fail(circuit)
    assert not circuit.closed
    with pytest.raises(CircuitOpen), circuit.call():
        pytest.fail("nobody is asked while it is open")


async def test_one_call_finds_out_while_the_others_are_turned_away(broken: Circuit) -> None:
    async def may_try() -> bool:
        try:
            with broken.call():
                with pytest.raises(CircuitOpen), broken.call():
                    pytest.fail("a second call while one finds out")
                return True
        except CircuitOpen:
            return False

    await wait_until(may_try)
    assert broken.closed
    succeed(broken)


async def test_a_failed_try_leaves_it_open_for_another_while(broken: Circuit) -> None:
    async def tried_and_failed() -> bool:
        try:
            with broken.call():
                raise ProviderFailed
        except CircuitOpen:
            return False
        except ProviderFailed:
            return True

    await wait_until(tried_and_failed)
    with pytest.raises(CircuitOpen), broken.call():
        pytest.fail("it is open again")
    await wait_until(tried_and_failed)


async def test_calls_that_fail_after_it_opened_are_no_further_opening() -> None:
    circuit = Circuit("late-failures", open_s=60, failures=2)
    all_fail = asyncio.Event()

    async def call() -> None:
        with circuit.call():
            await all_fail.wait()
            raise ProviderFailed

    with capture_logs() as logs:
        calls = [asyncio.create_task(call()) for _ in range(5)]
        await asyncio.sleep(0)
        all_fail.set()
        failures = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(failure) for failure in failures} == {ProviderFailed}
    assert [line["state"] for line in logs if line["event"] == "circuit_changed"] == ["open"]


def cut(circuit: Circuit) -> None:
    with pytest.raises(asyncio.CancelledError), circuit.call():
        raise asyncio.CancelledError


def test_calls_that_are_cut_since_we_are_to_stop_are_no_failures() -> None:
    circuit = Circuit("sendgrid", open_s=60, failures=3)
    for _ in range(10):
        cut(circuit)
    assert circuit.closed
    fail(circuit, 3)
    assert not circuit.closed


async def test_a_try_that_is_cut_finds_nothing_out_and_another_one_does(broken: Circuit) -> None:
    async def tried(work: Callable[[Circuit], None]) -> bool:
        try:
            work(broken)
        except CircuitOpen:
            return False
        return True

    await wait_until(lambda: tried(cut))
    assert not broken.closed
    await wait_until(lambda: tried(succeed))
    assert broken.closed
