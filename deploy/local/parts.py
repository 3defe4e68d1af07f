"""The parts of a local system, built and not yet started."""

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.local.child_process import ChildFailed, ChildProcess
from deploy.local.choose_kafka import choose_kafka
from deploy.local.daemon import Command, Daemon
from deploy.local.environment import SERVICES, Addresses, service_variables
from deploy.local.keys import generate_keys
from deploy.local.mail_double import SendGridDouble
from deploy.local.ports import LOOPBACK, port_plan
from deploy.local.postgres import Postgres
from deploy.local.seed_data import seed_accounts
from deploy.local.service_process import ServiceProcess
from deploy.local.valkey import Valkey

WEBHOOK = "/v1/webhooks/sendgrid"
COMMANDS = ("topics", "migrate-auth", "migrate-rollout", "import-accounts")


class LocalParts:
    """`kafka`, `redis`, `postgres`, `mailbox`, `services[NAME]`: each starts, stops, dies and pauses by itself.

    `env` goes to all services, `service_env[NAME]` to one; both win over what the launcher sets. `directory` (absent: a
    new one among the temporary files) gets the data of the infrastructure and `logs/NAME.log`.
    Raises ValueError for a port base or a Kafka that cannot be.
    """

    def __init__(
        self,
        kafka: str = "embedded",
        port_base: int = 8000,
        *,
        directory: Path | None = None,
        env: Mapping[str, str] | None = None,
        service_env: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.directory = (directory or Path(tempfile.gettempdir()) / f"gatepost-{secrets.token_hex(6)}").absolute()
        self.log_dir = self.directory / "logs"
        self.keys = generate_keys(secrets.token_bytes)
        self.accounts = seed_accounts(secrets.choice)
        self.ports = port_plan(port_base)
        self.kafka = choose_kafka(kafka, self.directory, self.ports, self.log_dir)
        self.redis = Valkey(self.directory / "redis", self.ports["redis"], self.log_dir)
        self.postgres = Postgres(self.directory / "postgres", self.ports["postgres"], self.log_dir)
        webhook = f"http://{LOOPBACK}:{self.ports['notifier']}{WEBHOOK}"
        self.mailbox = SendGridDouble(self.log_dir, self.ports["mailbox"], webhook, self.keys.webhook_private)
        self.services = {
            name: self._service(name, {**(env or {}), **(service_env or {}).get(name, {})}) for name in SERVICES
        }
        self.commands = {name: Command(name, self.log_dir) for name in COMMANDS}

    def _service(self, name: str, env: Mapping[str, str]) -> ServiceProcess:
        def variables() -> Mapping[str, str]:
            return service_variables(name, self.addresses, self.keys, self.directory / "auth")

        return ServiceProcess(name, self.ports[name], self.log_dir, variables, env)

    @property
    def addresses(self) -> Addresses:
        """As they are now: an embedded Kafka has another one after each start."""
        return Addresses(
            kafka=self.kafka.bootstrap,
            kafka_fetch_wait_ms=self.kafka.fetch_wait_ms,
            redis=self.redis.url,
            postgres=self.postgres.server_url,
            mailbox=self.mailbox.url,
            ports=self.ports,
        )

    @property
    def infrastructure(self) -> list[Daemon]:
        """What of it is ours."""
        return [part for part in (self.kafka, self.redis, self.postgres, self.mailbox) if isinstance(part, Daemon)]

    @property
    def children(self) -> list[ChildProcess]:
        return [*self.commands.values(), *self.services.values(), *self.infrastructure]

    def raise_if_one_died(self) -> None:
        """Raises ChildFailed for a part or service that exited without being asked."""
        for child in (*self.infrastructure, *self.services.values()):
            if child.died:
                raise ChildFailed(child.name, child.exit_reason())
