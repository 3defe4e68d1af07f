"""librdkafka's mock broker in a process of its own: a Kafka without Java, for trying things out.

What it cannot do: choose its port, keep anything over the end of its process, or serve two members in one group.
Topics appear by themselves, with 4 partitions.
"""

import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.daemon import Daemon
from deploy.local.ports import is_free

_ADDRESS = re.compile(r"^bootstrap (?P<address>\S+:(?P<port>\d+))$", re.MULTILINE)


class EmbeddedKafka(Daemon):
    """stop() and start() take the broker down and up inside its process: same port, same data. After kill() it comes
    back empty on another port, and the services have to be restarted to learn it."""

    fetch_wait_ms = 50  # the mock broker answers an empty fetch only when this time is over
    makes_topics_itself = True

    def __init__(self, log_dir: Path) -> None:
        super().__init__("kafka", log_dir, port=None)

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of this run. Raises RuntimeError before the first start."""
        return self._said()["address"]

    def argv(self) -> Sequence[str]:
        return [sys.executable, "-m", "deploy.local.mock_broker"]

    def answers(self) -> bool:
        return _ADDRESS.search(self.log_text()) is not None and not is_free(self._port)

    def start(self) -> None:
        if not self.running:
            return super().start()
        self._signal_tree(signal.SIGUSR2)
        return self.await_answer()

    def stop(self, grace_s: float | None = None) -> None:
        """Returns when the port is refused; close() ends the process."""
        self._signal_tree(signal.SIGUSR1)
        self.await_true(lambda: not self.running or is_free(self._port), grace_s or self.stop_grace_s)

    def close(self) -> None:
        super().stop()

    @property
    def _port(self) -> int:
        return int(self._said()["port"])

    def _said(self) -> re.Match[str]:
        found = _ADDRESS.search(self.log_text())
        if found is None:
            raise RuntimeError("the embedded Kafka has not said its address yet")
        return found
