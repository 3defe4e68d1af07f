"""Children that serve until they are stopped, and commands that run to their end."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from deploy.local.child_process import ChildFailed, ChildProcess
from deploy.local.ports import ensure_free

POLL_S = 0.05


class Command(ChildProcess):
    """A child that does one thing and exits: a migration, a format, a download."""

    def run(self, argv: Sequence[str], env: Mapping[str, str] | None = None, timeout_s: float = 120) -> None:
        """Raises ChildFailed for a non-zero exit, or after `timeout_s` seconds (it is killed then)."""
        self.spawn(argv, env)
        code = self.wait(timeout_s)
        if code is None:
            self.kill()
            raise ChildFailed(self.name, f"took more than {timeout_s:g} s and was killed; {self._tail()}")
        if code != 0:
            raise ChildFailed(self.name, self.exit_reason())

    def run_module(self, module: str, *args: str, env: Mapping[str, str] | None = None) -> None:
        """Run `python -m module args` with this interpreter; errors as `run`."""
        self.run([sys.executable, "-m", module, *args], env)


class Daemon(ChildProcess, ABC):
    """A child that listens on `port` (None: it picks one). Subclasses say how to start it and when it answers."""

    start_timeout_s = 60.0  # 3 s on an idle machine; a busy CI with cold files needs more

    def __init__(self, name: str, log_dir: Path, port: int | None) -> None:
        super().__init__(name, log_dir)
        self.port = port

    @abstractmethod
    def argv(self) -> Sequence[str]:
        """The command line of the next start."""

    def environment(self) -> Mapping[str, str] | None:
        """The whole environment of the next start; None for ours."""
        return None

    def prepare(self) -> None:
        """What must be there before it starts (formatted disks, …). Called at every start."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its job already."""

    def start(self) -> None:
        """Start and wait until it answers; does nothing when it runs already. The port and the data stay the same
        from one start to the next. Raises PortTaken, or ChildFailed when it exits or stays silent."""
        if self.running:
            return
        if self.port is not None:
            ensure_free({self.name: self.port})
        self.prepare()
        self.launch()
        self.await_answer()

    def launch(self) -> None:
        self.spawn(self.argv(), self.environment())

    def await_answer(self) -> None:
        """Raises ChildFailed when it exits, or does not answer within `start_timeout_s` seconds (it is killed then)."""
        if self.await_true(lambda: not self.running or self.answers(), self.start_timeout_s):
            if not self.running:
                raise ChildFailed(self.name, self.exit_reason())
        else:
            self.kill()
            raise ChildFailed(self.name, f"did not answer within {self.start_timeout_s:g} s; {self._tail()}")

    @staticmethod
    def await_true(condition: Callable[[], bool], timeout_s: float) -> bool:
        """Poll `condition` for up to `timeout_s` seconds; whether it came true."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop for good; removes what was put outside the directories that the caller gave."""
        self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
