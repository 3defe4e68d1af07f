"""The SendGrid double as a child process."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK
from deploy.local.probe import http_status
from deploy.local.sendgrid_double.event_webhook import WEBHOOK_KEY


class SendGridDouble(Daemon):
    """`url` is SendGrid's API base for the notifier, the mailbox's API, and the page to read mail in. What becomes of
    the mails is reported to `webhook`, signed with `webhook_key` (base64 DER)."""

    stop_grace_s = 2.0

    def __init__(self, log_dir: Path, port: int, webhook: str, webhook_key: str) -> None:
        super().__init__("mailbox", log_dir, port)
        self._webhook = webhook
        self._webhook_key = webhook_key

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def argv(self) -> Sequence[str]:
        port, webhook = str(self.port), self._webhook
        return [sys.executable, "-m", "deploy.local.sendgrid_double", "--port", port, "--webhook", webhook]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, WEBHOOK_KEY: self._webhook_key}

    def answers(self) -> bool:
        return http_status(f"{self.url}/readyz") == 200
