"""The one place where auth is put together, with services/auth/parts.py."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from fastapi import FastAPI

from services.auth.adapters.otp_client import OtpClient
from services.auth.adapters.postgres_admin import PostgresAdmin
from services.auth.admin import admin_routes
from services.auth.api.account_devices import device_routes
from services.auth.api.account_factors import factor_routes, totp_routes
from services.auth.api.admin_imports import STREAMED
from services.auth.api.authz import authz_routes
from services.auth.api.challenge_events import OpenStreams, challenge_event_routes
from services.auth.api.challenge_resend import resend_routes
from services.auth.api.challenges import challenge_routes
from services.auth.api.client_address import client_address_from
from services.auth.api.insufficient import install_insufficient_handler
from services.auth.api.jwks import jwks_routes
from services.auth.api.logins import login_routes
from services.auth.api.own_account import own_account_routes
from services.auth.api.sessions import session_routes
from services.auth.api.signed_in import SignedIn
from services.auth.api.step_up import SIGN_IN_ROLE, STEP_UP_ROLE, caller_challenge_routes, own_step_up_routes
from services.auth.handlers import follow_region_policies, follow_revocations, receive_announcements
from services.auth.parts import FactorUseCases, Policies, Signing, Tellers, UseCases
from services.auth.settings import AuthSettings, seconds
from services.auth.stores import Stores, now
from services.auth.use_cases.administer_account import AdministerAccount
from services.auth.use_cases.announce_endings import EVERY_S as REVOCATIONS_EVERY_S
from services.auth.use_cases.follow_hash_costs import EVERY_S as HASH_COSTS_EVERY_S
from services.auth.use_cases.receive_announcement import ReceiveAnnouncement
from services.auth.use_cases.spread_announcements import EVERY_S as ANNOUNCEMENTS_EVERY_S
from shared.caller_check import role_required
from shared.credentials import CredentialBook
from shared.ending import ended
from shared.follow_keys import FollowKeys
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.operators import Operators
from shared.periodic import periodically
from shared.postgres import postgres_answers, postgres_engine
from shared.redis import redis_client

HOUR_S: Final = 3600.0


def build(settings: AuthSettings, reread: Callable[[], AuthSettings] | None = None) -> FastAPI:
    """`reread` says what the settings are by now; of what has changed, the sealing keys are used."""
    bus = EventBus("auth", settings)
    engine = postgres_engine(settings.database_url, autocommit=True)
    redis = redis_client(settings.redis_url.get_secret_value(), settings.redis_access)
    stores, signing, policies = Stores(engine, settings), Signing(engine, settings), Policies(bus.publisher, settings)
    tell = Tellers(stores, signing, bus.publisher, settings)
    use = UseCases(stores, signing, policies, tell, settings, redis)
    follow_keys = FollowKeys(settings, reread or (lambda: settings), {"sealing_public_keys": tell.sealer.use})
    operators = Operators(settings)
    policy_table = follow_region_policies(bus, policies.follow)
    revocation_table = follow_revocations(bus, tell.endings)
    receive_announcements(bus, ReceiveAnnouncement(stores.announcements, settings.announcement_pace, now))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        policies.follow.load_snapshot()
        await use.otp.open()
        await signing.follow_keys.read()
        bus.start()
        keep_up = partial(tell.endings.keep_up, revocation_table.caught_up, revocation_table.staleness_s)
        background = [
            asyncio.create_task(policies.follow.keep_snapshot(policy_table.caught_up)),
            asyncio.create_task(policies.report.run(policy_table.caught_up)),
            asyncio.create_task(policies.count.run(policy_table.caught_up)),
            asyncio.create_task(periodically("revocations", REVOCATIONS_EVERY_S, keep_up)),
            asyncio.create_task(periodically("signing-keys", settings.key_refresh_s, signing.follow_keys.read)),
            asyncio.create_task(periodically("key-files", settings.key_refresh_s, follow_keys)),
            asyncio.create_task(periodically("hash-costs", HASH_COSTS_EVERY_S, use.follow_hash_costs)),
            asyncio.create_task(periodically("sweep", HOUR_S, use.sweep)),
            asyncio.create_task(periodically("announcements", ANNOUNCEMENTS_EVERY_S, tell.spread_announcements)),
            asyncio.create_task(_end_streams(health, use.otp)),
        ]
        async with operators:
            yield
        await ended(*background)
        policies.follow.save()
        await policies.report.stop()
        await tell.stop()
        await bus.stop()
        await use.close()
        await redis.aclose()
        await policies.turns.close()
        await engine.dispose()

    checks = {
        "postgres": lambda: postgres_answers(engine),
        "kafka": bus.healthy,
        "region-policy": policies.follow.ready,
        "signing-keys": signing.follow_keys.ready,
        "revocations": tell.endings.ready,
        "otp": use.otp.answers,
    }
    health = Health(checks)
    app = http_service("Gatepost Auth", health, lifespan, streamed=(STREAMED,))
    install_insufficient_handler(app)
    _add_routes(app, use, FactorUseCases(stores, tell.factor_changed, settings), signing, settings)
    administer = AdministerAccount(PostgresAdmin(engine), use.otp, tell.endings, tell.owner, now)
    app.include_router(admin_routes(engine, use.passwords, operators, administer, now))
    return app


async def _end_streams(health: Health, otp: OtpClient) -> None:
    """Once the service stops: the drain would wait for them to the end of its patience."""
    await health.stopping.wait()
    otp.end_streams()


def _add_routes(app: FastAPI, use: UseCases, factors: FactorUseCases, signing: Signing, settings: AuthSettings) -> None:
    tokens = signing.tokens
    signed_in = SignedIn(tokens, signing.revocations, now, seconds(settings.fresh_s))
    # First, because it is most of all requests: each route that is tried before it costs 5 µs.
    app.include_router(authz_routes(tokens, signing.revocations, now))
    app.include_router(login_routes(use.log_in, tokens, client_address_from(settings.trusted_proxies)))
    app.include_router(challenge_routes(use.verify, use.ask_for_mail, use.follow_challenge, tokens, now))
    app.include_router(resend_routes(use.resend, now))
    app.include_router(challenge_event_routes(use.follow_challenge, OpenStreams(settings.most_event_streams)))
    app.include_router(session_routes(use.refresh, use.own_sessions, tokens, signed_in))
    app.include_router(jwks_routes(tokens, settings.jwks_max_age_s))
    app.include_router(own_step_up_routes(use.step_up, tokens, signed_in))
    app.include_router(device_routes(use.own_devices, signed_in))
    app.include_router(totp_routes(signed_in, factors.enrol_totp, factors.remove_totp))
    app.include_router(factor_routes(signed_in, factors.make_recovery_codes, factors.show))
    app.include_router(own_account_routes(use.change_email, use.change_password, tokens, signed_in, now))
    if settings.step_up_callers is not None:
        callers = CredentialBook.parse(settings.step_up_callers.get_secret_value())
        caller_of = role_required(callers, STEP_UP_ROLE, SIGN_IN_ROLE)
        app.include_router(caller_challenge_routes(use.step_up, use.vouched, tokens, caller_of))
