"""An OTP service in a process of its own, as production starts it."""

from pathlib import Path

from pydantic import SecretStr

from deploy.local.ports import free_port
from deploy.local.service_process import ServiceProcess
from services.otp.settings import OtpSettings


def otp_process(settings: OtpSettings, logs: Path) -> ServiceProcess:
    """On a port of its own. Start it with `wait=False` where it has no Kafka: it does not become ready."""
    port = free_port()
    told = settings.model_dump(exclude_none=True) | {"port": port}
    plain = {name: each.get_secret_value() if isinstance(each, SecretStr) else str(each) for name, each in told.items()}
    variables = {f"GATEPOST_{name.upper()}": value for name, value in plain.items()}
    return ServiceProcess("otp", port, logs, lambda: variables, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""})
