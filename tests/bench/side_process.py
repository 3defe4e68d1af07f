"""Services that are measured beside the system's, with the settings of its auth, started as it is."""

import sys
from collections.abc import Mapping, Sequence

from deploy.local.ports import free_port
from deploy.local.service_process import ServiceProcess
from deploy.local.system import LocalSystem


class _Another(ServiceProcess):
    """`name` is that of its log's directory; `env` wins over what the system's service is told."""

    def __init__(self, system: LocalSystem, service: str, name: str, env: Mapping[str, str]) -> None:
        port = free_port()
        told = {**env, "GATEPOST_PORT": str(port)}
        super().__init__(service, port, system.log_dir / name, system.services[service].environment, told)


class AnotherAuth(_Another):
    def __init__(self, system: LocalSystem, name: str, env: Mapping[str, str]) -> None:
        super().__init__(system, "auth", name, env)


class AnotherOtp(_Another):
    def __init__(self, system: LocalSystem) -> None:
        super().__init__(system, "otp", "another-otp", {})


class BareService(AnotherAuth):
    """`tests/bench/bare_service.py`."""

    def __init__(self, system: LocalSystem) -> None:
        super().__init__(system, "bare", {})

    def argv(self) -> Sequence[str]:
        return [sys.executable, "-m", "tests.bench.bare_service"]
