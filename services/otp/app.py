"""The one place where the OTP service is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

from fastapi import FastAPI

from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_changes import RedisChanges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.api.challenges import account_routes, challenge_routes
from services.otp.domain.passcode import PasscodeBook
from services.otp.handlers import register_handlers
from services.otp.settings import OtpSettings
from services.otp.use_cases.announce_passcode import AnnouncePasscode
from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.issue_passcode import IssuePasscode, Minting
from services.otp.use_cases.resend_passcode import ResendPasscode
from services.otp.use_cases.tell_ends import TellEnds
from services.otp.use_cases.unlock_account import UnlockAccount
from services.otp.use_cases.verify_passcode import VerifyPasscode
from shared.credentials import CredentialBook
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.periodic import periodically
from shared.redis import redis_client, redis_fit
from shared.redis_script import Script
from shared.sealing import Sealer

ENDS_EVERY_S: Final = 2.0


def build(settings: OtpSettings) -> FastAPI:
    redis, limits = redis_client(settings.redis_url.get_secret_value()), settings.limits
    replicated = partial(Script, redis, replicas=settings.replicas)
    store, changes = RedisChallenges(replicated, settings.replicas), RedisChanges(redis)
    bus = EventBus("otp", settings)
    peppers, code_keys, sealing_keys = (
        Keyring.parse(text.get_secret_value())
        for text in (settings.peppers, settings.code_keys, settings.sealing_public_keys)
    )
    book = PasscodeBook(peppers, code_keys)
    announce = AnnouncePasscode(book, Sealer(sealing_keys), bus.publisher.publish)
    minting = Minting(secrets.randbelow, lambda: settings.code_digits)
    issue = IssuePasscode(store, book, announce, minting, limits)
    tell_ends = TellEnds(RedisEnds(redis, partial(Script, redis)), bus.publisher.publish)
    verify = VerifyPasscode(store, book, limits, tell_ends)
    follow = FollowChallenge(store, changes, limits, partial(datetime.now, UTC))
    register_handlers(bus, issue, follow)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus.start()
        background = [
            asyncio.create_task(changes.listen()),
            asyncio.create_task(periodically("ends", ENDS_EVERY_S, tell_ends.sweep)),
        ]
        yield
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await tell_ends.stop()
        await bus.stop()
        await redis.aclose()

    health = Health({"kafka": bus.healthy, "redis": lambda: redis_fit(redis)})
    app = http_service("Gatepost OTP (internal)", health, lifespan)
    callers = CredentialBook.parse(settings.callers.get_secret_value())
    app.include_router(challenge_routes(verify, ResendPasscode(store, announce, limits), follow, callers))
    app.include_router(account_routes(UnlockAccount(store, limits), callers))
    return app
