"""The notifier in a process of its own, as production starts it, or as one that dies."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.ports import free_port
from deploy.local.service_process import ServiceProcess
from shared.credentials import digest
from tests.unit.notifier.fakes import PRIVATE_KEYS
from tests.unit.shared.samples import private_ring


class NotifierProcess(ServiceProcess):
    """`dies_at`: a point of dying_notifier.py."""

    def __init__(self, name: str, log_dir: Path, env: Mapping[str, str], dies_at: str | None = None) -> None:
        super().__init__(name, free_port(), log_dir, self._own, env)
        self.dies_at = dies_at

    def argv(self) -> Sequence[str]:
        if self.dies_at is None:
            return [sys.executable, "-m", "services.notifier", "serve"]
        return [sys.executable, "-m", "tests.integration.notifier.dying_notifier", self.dies_at]

    def _own(self) -> Mapping[str, str]:
        return {
            "GATEPOST_PORT": str(self.port),
            "GATEPOST_SEALING_PRIVATE_KEYS": PRIVATE_KEYS,
            "GATEPOST_SUPPRESSION_KEYS": private_ring("s1").text,
            "GATEPOST_OPERATORS": f"sam:support:{digest('support-secret')}",
            "GATEPOST_SENDGRID_API_KEY": "SG.secret-key",
            "GATEPOST_MAIL_FROM": "no-reply@gatepost.example",
            "GATEPOST_MAIL_DOMAIN": "gatepost.example",
            "GATEPOST_BRAND": "Gatepost",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "",
        }
