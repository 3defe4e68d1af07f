"""The one exception for "a dependency is missing just now": 503 over HTTP, a retry over Kafka."""


class DependencyUnavailable(Exception):
    """`dependency` is a fixed name such as `kafka`; `retry_after` is in seconds."""

    def __init__(self, dependency: str, retry_after: int = 2) -> None:
        super().__init__(f"{dependency} is unavailable")
        self.dependency = dependency
        self.retry_after = retry_after
