"""What each service is told: the variables of its settings, and nothing that belongs to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.keys import LocalKeys
from deploy.local.ports import LOOPBACK

SERVICES = ("auth", "otp", "notifier", "rollout")
Variables = dict[str, str]


@dataclass(frozen=True)
class Addresses:
    """Where the infrastructure listens. `postgres` ends with a slash, to be followed by the database's name."""

    kafka: str
    kafka_fetch_wait_ms: int
    redis: str
    postgres: str
    mailbox: str
    ports: Mapping[str, int]

    def url(self, service: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[service]}"


def service_variables(service: str, at: Addresses, keys: LocalKeys, state_dir: Path) -> Variables:
    """`state_dir`: where auth keeps its snapshot of the region policy."""
    own = {"auth": _auth, "otp": _otp, "notifier": _notifier, "rollout": _rollout}[service]
    return {
        "GATEPOST_HOST": LOOPBACK,
        "GATEPOST_PORT": str(at.ports[service]),
        "GATEPOST_KAFKA": at.kafka,
        "GATEPOST_KAFKA_FETCH_WAIT_MS": str(at.kafka_fetch_wait_ms),
        "PYTHONUNBUFFERED": "1",  # the log file shows what happened up to a kill -9
        **own(at, keys, state_dir),
    }


def _auth(at: Addresses, keys: LocalKeys, state_dir: Path) -> Variables:
    return {
        "GATEPOST_DATABASE_URL": f"{at.postgres}auth",
        "GATEPOST_REDIS_URL": at.redis,
        "GATEPOST_STORAGE_KEYS": keys.storage,
        "GATEPOST_OPERATORS": keys.operator_digests,
        "GATEPOST_STEP_UP_CALLERS": keys.step_up_digests,
        "GATEPOST_TRUSTED_PROXIES": "127.0.0.0/8",  # whoever calls from this machine plays the gateway
        "GATEPOST_SEALING_PUBLIC_KEYS": keys.sealing_public,
        "GATEPOST_OTP_URL": at.url("otp"),
        "GATEPOST_OTP_CREDENTIAL": keys.otp_credential,
        "GATEPOST_ISSUER": at.url("auth"),
        "GATEPOST_POLICY_SNAPSHOT": str(state_dir / "region-policy.json"),
    }


def _otp(at: Addresses, keys: LocalKeys, _state_dir: Path) -> Variables:
    return {
        "GATEPOST_REDIS_URL": at.redis,
        "GATEPOST_SEALING_PUBLIC_KEYS": keys.sealing_public,
        "GATEPOST_PEPPERS": keys.peppers,
        "GATEPOST_CODE_KEYS": keys.code_keys,
        "GATEPOST_CALLERS": keys.callers,
    }


def _notifier(at: Addresses, keys: LocalKeys, _state_dir: Path) -> Variables:
    return {
        "GATEPOST_REDIS_URL": at.redis,
        "GATEPOST_SEALING_PRIVATE_KEYS": keys.sealing_private,
        "GATEPOST_SENDGRID_API_KEY": keys.sendgrid_api_key,
        "GATEPOST_SENDGRID_URL": at.mailbox,
        "GATEPOST_SENDGRID_WEBHOOK_KEYS": keys.webhook_public,
        "GATEPOST_SUPPRESSION_KEYS": keys.suppression,
        "GATEPOST_OPERATORS": keys.operator_digests,
        "GATEPOST_MAIL_FROM": "no-reply@gatepost.example",
        "GATEPOST_MAIL_DOMAIN": "gatepost.example",
        "GATEPOST_BRAND": "Gatepost",
    }


def _rollout(at: Addresses, keys: LocalKeys, _state_dir: Path) -> Variables:
    return {"GATEPOST_DATABASE_URL": f"{at.postgres}rollout", "GATEPOST_OPERATORS": keys.operator_digests}
