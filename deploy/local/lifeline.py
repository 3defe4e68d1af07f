"""Ends our children when we are killed without a chance to do it ourselves (kill -9, a test runner's hard timeout).

A helper process reads pids from its standard input. End of file means that we are gone: it kills what is left of them.
Nothing else is portable: PR_SET_PDEATHSIG is Linux only, and fires when the *thread* that forked ends.
"""

import atexit
import contextlib
import functools
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import psutil

from deploy.local.process_tree import descendants, signal_all

REPOSITORY = Path(__file__).resolve().parents[2]
_ONE_AT_A_TIME = threading.Lock()


@functools.cache
def _helper() -> IO[str]:
    command = [sys.executable, "-m", __name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True, cwd=REPOSITORY)
    assert process.stdin is not None
    atexit.register(process.communicate)  # closes its input and waits: it leaves with us
    return process.stdin


def bind_to_our_life(pid: int) -> None:
    """Let the process `pid` be killed, with its descendants, once this process no longer exists."""
    with _ONE_AT_A_TIME, contextlib.suppress(BrokenPipeError):
        print(pid, file=_helper(), flush=True)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    children: list[psutil.Process] = []
    for line in sys.stdin:
        with contextlib.suppress(psutil.Error, ValueError):
            children.append(psutil.Process(int(line)))
    for child in children:
        if child.is_running():  # compares start times: a pid that was reused is not ours
            signal_all([*descendants(child.pid), child], signal.SIGKILL)


if __name__ == "__main__":
    main()
