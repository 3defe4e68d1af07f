"""Fresh secrets for `deploy/compose.yaml`: `python -m deploy.make_env > deploy/.env`.

The services get keys and digests; what people need (the operators' tokens) stands in comments, once.
"""

import secrets
from collections.abc import Iterator

from deploy.local.keys import LocalKeys, generate_keys


def env_lines(keys: LocalKeys, postgres_password: str) -> Iterator[str]:
    yield "# Made once per machine; never commit it. SENDGRID_API_KEY, MAIL_FROM and MAIL_DOMAIN are yours to add;"
    yield "# so is SENDGRID_WEBHOOK_KEYS, the verification key of SendGrid's signed event webhook."
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
