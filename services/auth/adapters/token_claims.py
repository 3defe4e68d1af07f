"""What an access and a challenge are in the claims of a token; those that every token has are signed_tokens.py's."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.challenge import Challenge
from services.auth.domain.decision import Reason
from services.auth.domain.factor import Method


def claims_of_access(access: Access) -> dict[str, Any]:
    return {
        "aud": access.audience,
        "sub": str(access.subject),
        "auth_time": int(access.auth_time.timestamp()),
        "amr": list(access.amr),
        "acr": access.acr,
        "scope": " ".join(access.scope),
        "purpose": access.purpose,
        **({"sid": str(access.session_id)} if access.session_id else {}),
    }


def claims_of_challenge(challenge: Challenge) -> dict[str, Any]:
    return {
        "sub": str(challenge.account_id),
        "jti": str(challenge.id),
        "iat": int(challenge.issued_at.timestamp()),
        "exp": int(challenge.expires_at.timestamp()),
        "region": challenge.region,
        "policy_version": challenge.policy_version,
        "reason": challenge.reason,
        "purpose": challenge.purpose,
        "methods": list(challenge.methods),
        "product": challenge.product,
        "label": challenge.label,
        "sid": str(challenge.session_id) if challenge.session_id else None,
        "new_address": challenge.new_address,
        "epoch": challenge.epoch,
        "client_hash": challenge.client_hash,
    }


def access_in(claims: dict[str, Any]) -> Access:
    return Access(
        subject=UUID(claims["sub"]),
        audience=str(claims["aud"]),
        auth_time=datetime.fromtimestamp(claims["auth_time"], UTC),
        amr=tuple(claims["amr"]),
        acr=claims["acr"],
        scope=tuple(claims.get("scope", "").split()),
        session_id=UUID(claims["sid"]) if "sid" in claims else None,
        purpose=claims.get("purpose", LOGIN_PURPOSE),  # the release before had no other
        token_id=UUID(claims["jti"]),
    )


def challenge_in(claims: dict[str, Any]) -> Challenge:
    return Challenge(
        id=UUID(claims["jti"]),
        account_id=UUID(claims["sub"]),
        region=claims["region"],
        policy_version=claims["policy_version"],
        reason=Reason(claims["reason"]),
        purpose=claims["purpose"],
        methods=tuple(Method(method) for method in claims.get("methods", [Method.EMAIL_OTP])),
        product=claims["product"],
        label=claims.get("label", claims["product"]),
        session_id=UUID(claims["sid"]) if claims.get("sid") else None,
        new_address=claims.get("new_address"),
        epoch=claims.get("epoch", 0),
        client_hash=claims["client_hash"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
