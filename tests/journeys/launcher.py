"""The launcher as a process of its own, with a ready file."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from deploy.local.ports import free_port, is_free

ROOT = Path(__file__).parents[2]
STOPS_WITHIN_S = 10
STARTS_WITHIN_S = 90  # under 30 s on an idle machine (README); a loaded CI is not what is tested here


def free_port_base() -> int:
    """A base from which every port of the launcher's plan is free."""
    while True:
        base = free_port()
        if all(is_free(base + offset) for offset in range(110)):
            return base


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
