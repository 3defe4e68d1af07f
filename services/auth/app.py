"""The one place where auth is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from fastapi import FastAPI

from services.auth.adapters.argon2_passwords import Argon2Passwords
from services.auth.adapters.otp_client import OtpClient
from services.auth.adapters.policy_snapshot import PolicySnapshot
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.adapters.signed_tokens import SignedTokens
from services.auth.api.authz import authz_routes
from services.auth.api.challenges import challenge_routes
from services.auth.api.jwks import jwks_routes
from services.auth.api.logins import login_routes
from services.auth.domain.factor import Method
from services.auth.domain.region_policy import RegionPolicies
from services.auth.domain.signing_keys import SigningKeys
from services.auth.handlers import register_handlers
from services.auth.settings import AuthSettings, seconds
from services.auth.use_cases.announce_challenge import AnnounceChallenge
from services.auth.use_cases.follow_challenge import FollowChallenge
from services.auth.use_cases.follow_policies import FollowPolicies
from services.auth.use_cases.follow_signing_keys import FollowSigningKeys
from services.auth.use_cases.log_in import LogIn
from services.auth.use_cases.verify_challenge import VerifyChallenge
from shared.encryption import Encryption
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.postgres import postgres_answers, postgres_engine
from shared.sealing import Sealer

now = partial(datetime.now, UTC)


def build(settings: AuthSettings) -> FastAPI:
    bus = EventBus("auth", settings)
    engine = postgres_engine(settings.database_url, autocommit=True)
    accounts = PostgresAccounts(engine)
    passwords = Argon2Passwords(settings)
    otp = OtpClient(str(settings.otp_url), settings.otp_credential)
    policies = RegionPolicies()
    follow = FollowPolicies(policies, PolicySnapshot(settings.policy_snapshot))
    table = register_handlers(bus, follow)
    access_life = seconds(settings.access_token_life_s)
    encryption = Encryption(Keyring.parse(settings.storage_keys.get_secret_value()))
    signing_keys = SigningKeys()
    follow_keys = FollowSigningKeys(PostgresSigningKeys(engine, encryption), signing_keys, secrets.token_bytes, now)
    tokens = SignedTokens(signing_keys, settings.issuer, access_life, seconds(settings.step_up_life_s), now)
    sealer = Sealer(Keyring.parse(settings.sealing_public_keys.get_secret_value()))
    challenge_life = seconds(settings.challenge_life_s)
    announce = AnnounceChallenge(bus.publisher.publish, sealer, uuid4, challenge_life)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        follow.load_snapshot()
        await otp.open()
        await follow_keys.read()
        reading_keys = asyncio.create_task(follow_keys.keep_reading(settings.key_refresh_s))
        bus.start()
        following = asyncio.create_task(follow.keep_snapshot(table.caught_up))
        yield
        following.cancel()
        reading_keys.cancel()
        follow.save()
        await bus.stop()
        await otp.close()
        passwords.close()
        await engine.dispose()

    checks = {
        "postgres": lambda: postgres_answers(engine),
        "kafka": bus.healthy,
        "region-policy": follow.ready,
        "signing-keys": follow_keys.ready,
        "otp": otp.answers,
    }
    app = http_service("Gatepost Auth", Health(checks), lifespan)
    app.include_router(login_routes(LogIn(accounts, passwords, policies, announce, now), tokens))
    verify = VerifyChallenge(tokens, accounts, {Method.EMAIL_OTP: otp}, now)
    app.include_router(challenge_routes(verify, FollowChallenge(tokens, otp), tokens))
    app.include_router(authz_routes(tokens))
    app.include_router(jwks_routes(tokens, settings.jwks_max_age_s))
    return app
