"""What the OTP service of the tests is told, and whom it knows."""

from datetime import timedelta
from typing import Any

from services.otp.settings import OtpSettings
from shared.credentials import digest
from tests.unit.shared.samples import private_ring, public_ring

NOTIFIER = private_ring("seal-1")
"""The keys that open what is mailed."""

CREDENTIAL = "credential-of-auth"
AS_AUTH = {"Authorization": f"Bearer {CREDENTIAL}"}
CALLERS = f"auth:auth:{digest(CREDENTIAL)},kim:viewer:{digest('of-kim')}"

CLIENT = "c" * 64
"""The hash that names the client of a challenge."""

LIFE = timedelta(minutes=10)
NO_KAFKA = "127.0.0.1:1"


def otp_settings(kafka: str, redis_url: str, **changes: Any) -> OtpSettings:
    values = {
        "port": 1,
        "kafka": kafka,
        "kafka_fetch_wait_ms": 50,
        "redis_url": redis_url,
        "peppers": private_ring("p1").text,
        "code_keys": private_ring("c1").text,
        "sealing_public_keys": public_ring(NOTIFIER).text,
        "callers": CALLERS,
    }
    return OtpSettings.model_validate(values | changes)
