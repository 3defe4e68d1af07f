"""The SendGrid double as a child process."""

import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK
from deploy.local.probe import http_status


class SendGridDouble(Daemon):
    """`url` is SendGrid's API base for the notifier, the mailbox's API, and the page to read mail in."""

    stop_grace_s = 2.0

    def __init__(self, log_dir: Path, port: int) -> None:
        super().__init__("mailbox", log_dir, port)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def argv(self) -> Sequence[str]:
        return [sys.executable, "-m", "deploy.local.sendgrid_double", "--port", str(self.port)]

    def answers(self) -> bool:
        return http_status(f"{self.url}/readyz") == 200
