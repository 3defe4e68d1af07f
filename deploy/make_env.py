"""Fresh secrets for `deploy/compose.yaml`: `python -m deploy.make_env > deploy/.env`.

The services get keys and digests; what people need (the operators' tokens) stands in comments, once.
"""

import secrets
from collections.abc import Iterator

from deploy.local.keys import LocalKeys, generate_keys

# The values are the defaults, or show the form.
YOURS = """\
# Yours to add: these two, and a provider or both. Single quotes keep a $ as it is.
#GATEPOST_MAIL_FROM=no-reply@example.com
#GATEPOST_MAIL_DOMAIN=example.com
#GATEPOST_SENDGRID_API_KEY=SG.XXXXXXXX.XXXXXXXX
#GATEPOST_SMTP_URL='smtps://USER:PASSWORD@HOST'
# Yours to change. The limits of docs/limits.md may stand here too.
#GATEPOST_BRAND=Gatepost
#GATEPOST_BRAND_COLOR='#1f6feb'
#GATEPOST_SUPPORT_ADDRESS=help@example.com
#GATEPOST_SENDGRID_WEBHOOK_KEYS=MFkw...
#GATEPOST_SENDGRID_PER_SECOND=10000
#GATEPOST_SMTP_PER_SECOND=100
#GATEPOST_MAIL_ROUTES='emea=smtp,sendgrid;*=sendgrid,smtp'
#GATEPOST_PROVIDER_PATIENCE_S=1
#GATEPOST_SMTP_PATIENCE_S=3
#GATEPOST_PROVIDER_DEADLINE_S=8
#GATEPOST_CIRCUIT_OPEN_S=10
#GATEPOST_SENDS_AT_ONCE=400
#GATEPOST_BULK_PER_SECOND=50
#GATEPOST_ANNOUNCEMENT_PACE=50
#GATEPOST_SUPPRESSED_AFTER_BOUNCE_DAYS=30
#GATEPOST_SUPPRESSED_AFTER_DROP_DAYS=7
#GATEPOST_SUPPRESSED_AFTER_SPAM_REPORT_DAYS=365
#GATEPOST_OIDC_ISSUER=https://login.example.com/realms/staff
#GATEPOST_OIDC_AUDIENCE=gatepost
#GATEPOST_OIDC_JWKS_URL=https://login.example.com/realms/staff/keys
#GATEPOST_OIDC_ROLE_CLAIM=roles
#GATEPOST_OIDC_ROLES='release-team=release_manager,helpdesk=support'
#GATEPOST_OIDC_NAME_CLAIM=sub
#GATEPOST_TRUSTED_PROXIES=10.0.0.0/8
#GATEPOST_MOST_EVENT_STREAMS=10000
#GATEPOST_NEW_ACCOUNT_GRACE_S=0
#GATEPOST_KEY_REFRESH_S=5
#GATEPOST_HEARTBEAT_S=5
#GATEPOST_POPULATION_EVERY_S=900
#GATEPOST_INSTANCE_FORGOTTEN_AFTER_S=3600
#AUTH_REDIS_URL='rediss+sentinel://auth:PASSWORD@HOST:26379,HOST:26379/MASTER'
#OTP_REDIS_URL='rediss+sentinel://otp:PASSWORD@HOST:26379,HOST:26379/MASTER'
#NOTIFIER_REDIS_URL='rediss+sentinel://notifier:PASSWORD@HOST:26379,HOST:26379/MASTER'
#GATEPOST_REDIS_REPLICAS=1
#GATEPOST_REDIS_CA_FILE=/etc/gatepost/redis/ca.pem
#GATEPOST_REDIS_CERT_FILE=/etc/gatepost/redis/client.pem
#GATEPOST_REDIS_KEY_FILE=/etc/gatepost/redis/client.key
#GATEPOST_REDIS_SENTINEL_USERNAME=gatepost
#GATEPOST_REDIS_SENTINEL_PASSWORD=PASSWORD
#GATEPOST_LOG_LEVEL=INFO
"""


def env_lines(keys: LocalKeys, postgres_password: str) -> Iterator[str]:
    yield "# Made once per machine; never commit it."
    yield from YOURS.splitlines()
    yield from (f"# token of the operator {role}: {token}" for role, token in keys.operators.items())
    yield f"POSTGRES_PASSWORD={postgres_password}"
    yield from (f"# token of the step-up caller {role}: {token}" for role, token in keys.step_up.items())
    yield f"GATEPOST_STORAGE_KEYS={keys.storage}"
    yield f"GATEPOST_STEP_UP_CALLERS={keys.step_up_digests}"
    yield f"GATEPOST_SEALING_PUBLIC_KEYS={keys.sealing_public}"
    yield f"GATEPOST_SEALING_PRIVATE_KEYS={keys.sealing_private}"
    yield f"GATEPOST_SUPPRESSION_KEYS={keys.suppression}"
    yield f"GATEPOST_PEPPERS={keys.peppers}"
    yield f"GATEPOST_CODE_KEYS={keys.code_keys}"
    yield f"GATEPOST_OTP_CREDENTIAL={keys.otp_credential}"
    yield f"GATEPOST_CALLERS={keys.callers}"
    yield f"GATEPOST_OPERATORS={keys.operator_digests}"


if __name__ == "__main__":
    print("\n".join(env_lines(generate_keys(secrets.token_bytes), secrets.token_urlsafe(24))))  # noqa: T201
