"""Apache Kafka as one KRaft node, broker and controller in one JVM, on the loopback address only."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.local.child_process import stop_all
from deploy.local.daemon import Command, Daemon
from deploy.local.kafka_contract import lists_brokers
from deploy.local.kafka_jars import ensure_jars, find_java
from deploy.local.ports import LOOPBACK, is_free

LOG4J = Path(__file__).with_name("log4j2.properties")
JVM_OPTIONS = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-Xshare:auto", "-Djava.awt.headless=true")


class ApacheKafka(Daemon):
    """Listens on 127.0.0.1:`port` (clients) and `controller_port` (absent: the next one). `directory` holds
    the configuration and the log, which outlive stop() and kill(). start() raises ApacheKafkaUnavailable when Java or
    Maven is missing; the first one on a machine downloads 45 MB."""

    fetch_wait_ms = 500
    makes_topics_itself = False
    start_timeout_s = 90.0
    stop_grace_s = 4.0

    def __init__(
        self, directory: Path, port: int, log_dir: Path | None = None, controller_port: int | None = None
    ) -> None:
        super().__init__("kafka", log_dir or directory, port)
        self.directory = directory
        self.controller_port = controller_port or port + 1
        self.cluster_id = urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
        self._download = Command("kafka-download", self.log_path.parent)
        self._format = Command("kafka-format", self.log_path.parent)
        self._class_path = ""
        self._java = "java"

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Raises ApacheKafkaUnavailable, or ChildFailed when the format fails."""
        self._java = find_java()
        self._class_path = f"{ensure_jars(self._download)}/*"
        if (self._data / "meta.properties").exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        self._configuration.write_text("".join(f"{line}\n" for line in self._settings()))
        tool = self._jvm("kafka.tools.StorageTool", "-XX:TieredStopAtLevel=1")
        # The tool rejects an id that starts with a dash as an unknown option.
        self._format.run([*tool, "format", f"--cluster-id={self.cluster_id}", f"--config={self._configuration}"])

    def argv(self) -> Sequence[str]:
        return [*self._jvm("kafka.Kafka"), str(self._configuration)]

    def answers(self) -> bool:
        return not is_free(self.port or 0) and lists_brokers(self.bootstrap)

    def request_stop(self) -> None:
        """Also ends a download or a format that start() is waiting for."""
        stop_all((self._download, self._format), grace_s=0)
        super().request_stop()

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _configuration(self) -> Path:
        return self.directory / "server.properties"

    def _jvm(self, main_class: str, *options: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={LOG4J}"
        return [self._java, *JVM_OPTIONS, *options, log4j, "-cp", self._class_path, main_class]

    def _settings(self) -> Iterator[str]:
        yield "process.roles=broker,controller"
        yield "node.id=1"
        yield f"controller.quorum.voters=1@{LOOPBACK}:{self.controller_port}"
        yield f"listeners=PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{self.controller_port}"
        yield f"advertised.listeners=PLAINTEXT://{LOOPBACK}:{self.port}"
        yield "controller.listener.names=CONTROLLER"
        yield "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
        yield f"log.dirs={self._data}"
        yield "auto.create.topics.enable=false"
        for internal in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
            yield f"{internal}.replication.factor=1"
            yield f"{internal}.num.partitions=4"
        yield "transaction.state.log.min.isr=1"
        yield "share.coordinator.state.topic.min.isr=1"
        yield "group.initial.rebalance.delay.ms=0"
        # After kill -9 the next start waits for its former self's session to end: 9 s by default.
        yield "broker.heartbeat.interval.ms=500"
        yield "broker.session.timeout.ms=3000"
        yield "num.io.threads=4"
        yield "num.network.threads=2"
        yield "log.cleaner.dedupe.buffer.size=8388608"
