"""Children are stopped, killed and told apart from those that died by themselves."""

import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from deploy.local.child_process import ChildFailed, ChildProcess, stop_all
from deploy.local.daemon import Command
from deploy.local.together import Together

SAYS_READY_AND_SLEEPS = "print('ready', flush=True); import time; time.sleep(60)"
IGNORES_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SAYS_READY_AND_SLEEPS}"
HAS_A_CHILD = (
    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    + SAYS_READY_AND_SLEEPS
)


def started(name: str, code: str, directory: Path) -> ChildProcess:
    child = ChildProcess(name, directory)
    child.spawn([sys.executable, "-ISc", code])
    ready = threading.Event()
    while "ready" not in child.log_text():
        assert child.running
        ready.wait(0.01)
    return child


def test_a_child_that_is_stopped_did_not_die(tmp_path: Path) -> None:
    child = started("otp", SAYS_READY_AND_SLEEPS, tmp_path)
    child.stop()
    assert not child.running
    assert not child.died


def test_a_child_that_ends_by_itself_died_and_says_how(tmp_path: Path) -> None:
    child = ChildProcess("otp", tmp_path)
    child.spawn([sys.executable, "-ISc", "print('no pepper'); raise SystemExit(3)"])
    assert child.wait(10) == 3
    assert child.died
    assert "exited with code 3" in child.exit_reason()
    assert "no pepper" in child.exit_reason()


def test_a_child_killed_from_outside_died_of_the_signal(tmp_path: Path) -> None:
    child = started("otp", SAYS_READY_AND_SLEEPS, tmp_path)
    assert child.pid is not None
    psutil.Process(child.pid).kill()
    assert child.wait(10) == -signal.SIGKILL
    assert child.died
    assert "was killed by SIGKILL" in child.exit_reason()


def test_a_child_that_does_not_want_to_go_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    child = started("otp", IGNORES_SIGTERM, tmp_path)
    stop_all([child], grace_s=0.1)
    assert "SIGKILL" in child.exit_reason()


def test_a_paused_child_can_be_stopped(tmp_path: Path) -> None:
    child = started("otp", SAYS_READY_AND_SLEEPS, tmp_path)
    child.pause()
    child.stop(grace_s=10)
    assert "SIGTERM" in child.exit_reason()


def test_killing_a_child_ends_its_descendants(tmp_path: Path) -> None:
    child = started("otp", HAS_A_CHILD, tmp_path)
    assert child.pid is not None
    (grandchild,) = psutil.Process(child.pid).children()
    child.kill()
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_the_log_of_a_second_run_follows_the_first_and_is_read_alone(tmp_path: Path) -> None:
    command = Command("migrate", tmp_path)
    command.run([sys.executable, "-ISc", "print('first')"])
    command.run([sys.executable, "-ISc", "print('second')"])
    assert command.log_text() == "second\n"
    assert command.log_path.read_text() == "first\nsecond\n"


def test_a_command_that_fails_or_takes_too_long_is_a_failure_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="migrate exited with code 1"):
        Command("migrate", tmp_path).run([sys.executable, "-ISc", "raise SystemExit('bad')"])
    with pytest.raises(ChildFailed, match=r"migrate took more than 0\.2 s"):
        Command("migrate", tmp_path).run([sys.executable, "-ISc", SAYS_READY_AND_SLEEPS], timeout_s=0.2)


def test_a_step_that_fails_is_heard_while_the_others_still_run() -> None:
    given_up = threading.Event()
    steps = Together(watch=lambda: None)

    def fail() -> None:
        raise ChildFailed("redis", "is gone")

    with pytest.raises(ChildFailed, match="redis is gone"):
        steps.run(lambda: assert_set(given_up), fail)
    assert not given_up.is_set()
    steps.break_off(given_up.set)


def test_steps_are_broken_off_when_the_watch_says_so() -> None:
    given_up = threading.Event()

    def watch() -> None:
        raise ChildFailed("kafka", "died")

    steps = Together(watch)
    with pytest.raises(ChildFailed, match="kafka died"):
        steps.run(lambda: assert_set(given_up))
    steps.break_off(given_up.set)


def assert_set(event: threading.Event) -> None:
    assert event.wait(10)
