"""`python -m deploy.local` as a newcomer and a client of its contract meet it (DESIGN §8), on embedded parts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.journeys.conftest import free_port_base

ROOT = Path(__file__).parents[2]
STOPS_WITHIN_S = 10
STARTS_WITHIN_S = 90  # under 30 s on an idle machine (README); a loaded CI is not what is tested here


class Launcher:
    """A run of the launcher with a ready file."""

    def __init__(self, directory: Path) -> None:
        self.ready_file = directory / "ready.json"
        self.output = directory / "launcher.log"
        command = [sys.executable, "-m", "deploy.local", "--kafka", "embedded"]
        place = ["--port-base", str(free_port_base()), "--ready-file", str(self.ready_file)]
        with self.output.open("wb") as log:
            self.process = subprocess.Popen([*command, *place], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)

    def await_ready(self) -> dict[str, Any]:
        end = time.monotonic() + STARTS_WITHIN_S
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < end, self.output.read_text()
            time.sleep(0.1)
        ready: dict[str, Any] = json.loads(self.ready_file.read_text())
        return ready

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def service(self, name: str) -> psutil.Process:
        return next(child for child in self.children() if f"services.{name}" in child.cmdline())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN_S)


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    if launcher.process.poll() is None:
        launcher.stop()


def test_the_walk_through_of_the_readme_works_word_for_word(launcher: Launcher, tmp_path: Path) -> None:
    launcher.await_ready()
    script = re.search(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert script
    done = subprocess.run(["bash", "-c", script[1]], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.1 200")
    assert "x-auth-amr: pwd otp" in done.stdout


def test_the_ready_file_keeps_its_contract_and_a_stop_leaves_nothing(launcher: Launcher) -> None:
    ready = launcher.await_ready()
    assert ready.keys() >= {"auth", "otp", "notifier", "rollout", "mailbox", "kafka", "redis", "postgres"}
    assert ready["operators"].keys() == {"release_manager", "approver", "viewer", "admin"}
    assert all(account.keys() >= {"username", "password", "region", "email"} for account in ready["accounts"])
    assert os.stat(launcher.ready_file).st_mode & 0o077 == 0  # it holds passwords

    children = launcher.children()
    assert launcher.stop() == 0
    assert not launcher.ready_file.exists()
    _, left = psutil.wait_procs(children, timeout=1)
    assert left == []


def test_a_service_that_dies_is_named_and_takes_the_rest_along(launcher: Launcher) -> None:
    launcher.await_ready()
    children = launcher.children()
    launcher.service("otp").kill()
    assert launcher.process.wait(STOPS_WITHIN_S) == 1
    assert "otp was killed by SIGKILL" in launcher.output.read_text()
    _, left = psutil.wait_procs(children, timeout=1)
    assert left == []
