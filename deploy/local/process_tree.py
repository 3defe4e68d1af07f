"""A process and what it started, by psutil, which tells a reused pid from the process we meant."""

import contextlib
import signal
import time
from collections.abc import Iterable, Sequence

import psutil


def descendants(pid: int) -> list[psutil.Process]:
    """Children, their children, and so on; empty when it is gone."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Those that are gone are passed over."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def await_end(processes: Sequence[psutil.Process], timeout_s: float = 2.0) -> None:
    """A zombie has ended: it holds nothing any more, and whether it is reaped soon is up to process 1."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and any(map(_lives, processes)):
        time.sleep(0.005)


def await_stopped(pid: int, timeout_s: float = 2.0) -> None:
    """SIGSTOP was sent; returns once no thread of it runs any more. One that is gone is no longer awaited."""
    deadline = time.monotonic() + timeout_s
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while time.monotonic() < deadline and not all(_stopped(thread.id) for thread in process.threads()):
            time.sleep(0.001)


def _stopped(thread_id: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(thread_id).status() == psutil.STATUS_STOPPED
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
