"""CPU seconds of processes, user and system, as the kernel counts them for all their threads."""

import time
from collections.abc import Iterable, Mapping

import psutil

Cpu = dict[str, float]


class CpuMeter:
    """`pids` by name; begins to count when it is made."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._begun = time.monotonic()
        self._before = self._now()

    def _now(self) -> Cpu:
        return {name: _spent(process) for name, process in self._processes.items()}

    def used(self) -> tuple[float, Cpu]:
        """Seconds since the start, and CPU seconds by name in them."""
        now = self._now()
        return time.monotonic() - self._begun, {name: now[name] - self._before[name] for name in now}


class MachineMeter:
    """What of the machine was ours and what was not: a run beside other work says little."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self._begun = time.monotonic()
        self._before = (_spent(self._me), _family(self._me), _busy())

    def cores(self) -> tuple[float, float]:
        """Cores that this process took, and cores that none of our processes took, since the start."""
        seconds = time.monotonic() - self._begun
        mine, family, busy = (
            (now - before) / seconds
            for now, before in zip((_spent(self._me), _family(self._me), _busy()), self._before, strict=True)
        )
        return mine, max(0.0, busy - family)


def per_second(used: tuple[float, Cpu]) -> Cpu:
    """ms of CPU in each second."""
    seconds, cpu = used
    return {name: spent * 1000 / seconds for name, spent in cpu.items()}


def per_login(used: tuple[float, Cpu], idle: Cpu, logins: int) -> Cpu:
    """ms of CPU for each login, without what the process spends while nobody logs in (`idle`: ms per second)."""
    seconds, cpu = used
    return {name: (spent * 1000 - idle[name] * seconds) / max(1, logins) for name, spent in cpu.items()}


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _family(root: psutil.Process) -> float:
    members: Iterable[psutil.Process] = (root, *root.children(recursive=True))
    return sum(_spent(member) for member in members)


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
