"""A Kafka that somebody else runs: used, never stopped."""

import re
import time

from deploy.local.child_process import ChildFailed
from deploy.local.kafka_contract import lists_brokers

ADDRESSES = re.compile(r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*")
START_TIMEOUT_S = 10.0


class ExternalKafka:
    """`bootstrap`: HOST:PORT, several joined by commas. Raises ValueError for anything else."""

    fetch_wait_ms = 500
    makes_topics_itself = False

    def __init__(self, bootstrap: str) -> None:
        if not ADDRESSES.fullmatch(bootstrap):
            raise ValueError(f"Kafka is `embedded`, `apache` or HOST:PORT, not {bootstrap!r}")
        self._bootstrap = bootstrap

    @property
    def bootstrap(self) -> str:
        return self._bootstrap

    def start(self) -> None:
        """Raises ChildFailed when it does not answer within START_TIMEOUT_S."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not lists_brokers(self._bootstrap):
            if time.monotonic() > deadline:
                raise ChildFailed("kafka", f"does not answer at {self._bootstrap}")
