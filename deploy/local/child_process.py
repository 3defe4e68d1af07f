"""A child process that we own by its pid: in a session of its own, logged to a file, never left behind."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from deploy.local.lifeline import REPOSITORY, bind_to_our_life
from deploy.local.process_tree import await_end, await_stopped, descendants, signal_all
from deploy.local.unprivileged import Account

TAIL_LINES = 15


class ChildFailed(Exception):
    """A child exited unasked, or did not answer in time: `name` says which, `reason` why, with its last log lines."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


class ChildProcess:
    """Spawn, stop, kill, pause. Safe to call from several threads; spawning again appends to the same log."""

    stop_signal = signal.SIGTERM
    stop_grace_s = 5.0

    def __init__(self, name: str, log_dir: Path) -> None:
        self.name = name
        self.log_path = log_dir / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_to_stop = False
        self._log_start = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def died(self) -> bool:
        """True when it was started and has exited without our asking."""
        return self._process is not None and not self._asked_to_stop and self._process.poll() is not None

    def spawn(self, argv: Sequence[str], env: Mapping[str, str] | None = None, account: Account | None = None) -> None:
        """Start `argv` with the whole environment `env` (absent: ours). Raises OSError when it cannot be executed."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, self.log_path.open("ab") as log:
            self._log_start = log.tell()
            self._asked_to_stop = False
            self._process = subprocess.Popen(
                argv,
                env=env,
                cwd=REPOSITORY if account is None else "/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal reaches the launcher only
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
            bind_to_our_life(self._process.pid)

    def log_text(self) -> str:
        """What this run (since the last spawn) wrote."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def exit_reason(self) -> str:
        """`exited with code 3` or `was killed by SIGKILL`, and the last log lines below it."""
        code = self._process.poll() if self._process else None
        if code is None:
            how = "is running" if self._process else "was never started"
        else:
            how = f"exited with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
        return f"{how}; {self._tail()}"

    def _tail(self) -> str:
        lines = self.log_text().splitlines()[-TAIL_LINES:]
        return f"the end of {self.log_path}:\n" + "\n".join(f"    {line}" for line in lines or ["(empty)"])

    def request_stop(self) -> None:
        """Send the polite signal and return at once."""
        with self._lock:
            self._asked_to_stop = True
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(self.stop_signal)
                self._process.send_signal(signal.SIGCONT)  # a paused process would not hear the first

    def stop(self, grace_s: float | None = None) -> None:
        """Stop politely; SIGKILL after `grace_s` seconds (absent: `stop_grace_s`)."""
        stop_all([self], self.stop_grace_s if grace_s is None else grace_s)

    def kill(self) -> None:
        """SIGKILL it and all its descendants; returns when they are gone."""
        with self._lock:
            self._asked_to_stop = True
            if self._process is None or self._process.poll() is not None:
                return
            victims = descendants(self._process.pid)
            self._process.kill()
            self._process.wait()
            signal_all(victims, signal.SIGKILL)
            await_end(victims)

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing, as a hung host does. `resume` undoes it."""
        self._signal_tree(signal.SIGSTOP)
        if self._process is not None:
            await_stopped(self._process.pid)  # a signal arrives when the kernel gets to it

    def resume(self) -> None:
        self._signal_tree(signal.SIGCONT)

    def _signal_tree(self, number: signal.Signals) -> None:
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                victims = descendants(self._process.pid)
                self._process.send_signal(number)
                signal_all(victims, number)

    def wait(self, timeout_s: float) -> int | None:
        """Exit code, or None when it still runs after `timeout_s` seconds."""
        try:
            return self._process.wait(max(timeout_s, 0)) if self._process else None
        except subprocess.TimeoutExpired:
            return None


def stop_all(children: Iterable[ChildProcess], grace_s: float) -> None:
    """Stop all at once; the ones still there after `grace_s` seconds are killed."""
    leaving = list(children)
    for child in leaving:
        child.request_stop()
    deadline = time.monotonic() + grace_s
    for child in leaving:
        child.wait(deadline - time.monotonic())
    for child in leaving:
        child.kill()
