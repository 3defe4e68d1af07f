"""One of the four services, started by the command that production uses."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK
from deploy.local.probe import http_status


class ServiceProcess(Daemon):
    """`variables()` is asked at each start; what the caller puts into `env` wins over it, from the next start on."""

    def __init__(
        self, name: str, port: int, log_dir: Path, variables: Callable[[], Mapping[str, str]], env: Mapping[str, str]
    ) -> None:
        super().__init__(name, log_dir, port)
        self._variables = variables
        self.env = dict(env)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def argv(self) -> Sequence[str]:
        return [sys.executable, "-m", f"services.{self.name}", "serve"]

    def environment(self) -> Mapping[str, str]:
        """Ours, below the service's own variables, below `env`."""
        return {**os.environ, **self._variables(), **self.env}

    def answers(self) -> bool:
        return self.ready

    @property
    def ready(self) -> bool:
        """Whether /readyz says 200 now."""
        return http_status(f"{self.url}/readyz") == 200

    def start(self, *, wait: bool = True) -> None:
        """`wait=False` returns at once, for a service that cannot become ready yet. Errors as Daemon.start."""
        if wait or self.running:
            return super().start()
        return self.launch()
