"""The whole system on one machine: infrastructure, topics, migrations, services, seed, ready (DESIGN §8)."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from deploy.local.child_process import stop_all
from deploy.local.environment import SERVICES
from deploy.local.parts import LocalParts
from deploy.local.ports import ensure_free
from deploy.local.probe import http_call
from deploy.local.seed import await_policy, import_accounts, put_regions
from deploy.local.seed_data import OFF_REGION, REGIONS
from deploy.local.together import Together

# Together under the 10 s that a stop may take.
SERVICE_GRACE_S = 5.5
INFRASTRUCTURE_GRACE_S = 2.5
LOOK_EVERY_S = 0.2


class LocalSystem(LocalParts):
    """The parts, brought up in order and taken down again, once: a context manager.

    A part that dies unasked is reported by `supervise` only, so that tests may break what they like. A temporary
    directory is removed after a clean end unless `keep`; `tell` gets a line for each stage.
    """

    def __init__(
        self,
        kafka: str = "embedded",
        port_base: int = 8000,
        *,
        directory: Path | None = None,
        keep: bool = False,
        env: Mapping[str, str] | None = None,
        service_env: Mapping[str, Mapping[str, str]] | None = None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        super().__init__(kafka, port_base, directory=directory, env=env, service_env=service_env)
        self._keep = keep or directory is not None
        self._tell = tell
        self._steps = Together(watch=self.raise_if_one_died)

    def start(self) -> None:
        """Returns when everything answers and is seeded. Raises PortTaken, ChildFailed or ApacheKafkaUnavailable;
        what has been started by then is stopped, and the logs are kept."""
        try:
            ensure_free({part.name: part.port for part in (*self.infrastructure, *self.services.values()) if part.port})
            if (self.directory / "postgres").exists():
                raise ValueError(f"{self.directory} holds the data of another run, whose keys are gone")
            self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)  # PostgreSQL's account must pass through
            (self.directory / "auth").mkdir(exist_ok=True)
            self._tell("starting Kafka, Redis, PostgreSQL and the mailbox")
            if self.kafka.makes_topics_itself:
                self._steps.run(self.kafka.start)  # at once; its address is not known before
            self._steps.run(self._start_kafka, self.redis.start, self.mailbox.start, self._start_databases)
            self._tell(f"starting {', '.join(SERVICES)}")
            self._steps.run(*(service.start for service in self.services.values()), self._import_accounts)
            self._tell("seeding regions")
            self._steps.run(self._seed)
        except BaseException as error:
            self.stop(failed=isinstance(error, Exception))
            raise

    def _start_kafka(self) -> None:
        self.kafka.start()
        if not self.kafka.makes_topics_itself:
            self.commands["topics"].run_module("shared.create_topics", "--bootstrap", self.kafka.bootstrap)

    def _start_databases(self) -> None:
        self.postgres.start()
        self._steps.run(lambda: self._migrate("auth"), lambda: self._migrate("rollout"))

    def _migrate(self, service: str) -> None:
        env = self.services[service].environment()
        self.commands[f"migrate-{service}"].run_module(f"services.{service}", "migrate", env=env)

    def _import_accounts(self) -> None:
        env = self.services["auth"].environment()
        import_accounts(self.commands["import-accounts"], self.accounts, self.directory / "accounts.jsonl", env)

    def _seed(self) -> None:
        put_regions(self.services["rollout"].url, self.keys.operators, REGIONS)
        await_policy(self.services["auth"].url, next(a for a in self.accounts if a.region == OFF_REGION))
        http_call("DELETE", f"{self.mailbox.url}/api/messages")  # a login before its policy came was challenged

    def supervise(self) -> None:
        """Never returns; raises ChildFailed when a child dies."""
        while True:
            self.raise_if_one_died()
            time.sleep(LOOK_EVERY_S)

    def stop(self, *, failed: bool = False) -> None:
        """Services first, gracefully, then the rest; within 10 s nothing is left. `failed` keeps the directory."""
        stop_all(self.commands.values(), grace_s=0)
        stop_all(self.services.values(), SERVICE_GRACE_S)
        stop_all(self.infrastructure, INFRASTRUCTURE_GRACE_S)
        self._steps.break_off(lambda: stop_all(self.children, grace_s=0))
        for part in self.infrastructure:
            part.close()
        if failed and self.log_dir.exists():
            self._tell(f"the logs are kept in {self.log_dir}")
        elif not self._keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.stop(failed=isinstance(error, Exception))

    def ready_document(self) -> dict[str, Any]:
        """The content of the ready file."""
        return {
            **{name: service.url for name, service in self.services.items()},
            "mailbox": self.mailbox.url,
            "kafka": self.kafka.bootstrap,
            "redis": self.redis.url,
            "postgres": self.postgres.server_url,
            "operators": dict(self.keys.operators),
            "step_up_callers": dict(self.keys.step_up),
            "accounts": [account.ready_entry() for account in self.accounts],
        }
