"""Auth as a process, for tests that pause and kill it. It lacks all that is not named here: nobody can sign in."""

from pathlib import Path

from deploy.local.ports import free_port
from deploy.local.service_process import ServiceProcess
from tests.integration.auth.conftest import ISSUER, OPERATORS, STORAGE, ring_text
from tests.integration.otp.settings import CREDENTIAL, NOTIFIER
from tests.unit.shared.samples import public_ring


def auth_process(kafka: str, database: str, logs: Path, snapshot: Path, **more: str) -> ServiceProcess:
    """`more` are variables, without their prefix. Start it with `wait=False`: it does not become ready."""
    port = free_port()
    told = {
        "PORT": str(port),
        "KAFKA": kafka,
        "KAFKA_FETCH_WAIT_MS": "50",
        "DATABASE_URL": database,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "OTP_URL": "http://127.0.0.1:1",
        "OTP_CREDENTIAL": CREDENTIAL,
        "OPERATORS": OPERATORS,
        "ISSUER": ISSUER,
        "STORAGE_KEYS": ring_text(STORAGE),
        "SEALING_PUBLIC_KEYS": ring_text(public_ring(NOTIFIER)),
        "POLICY_SNAPSHOT": str(snapshot),
        **more,
    }
    variables = {f"GATEPOST_{name}": value for name, value in told.items()}
    return ServiceProcess("auth", port, logs, lambda: variables, {})
