"""The one place where the OTP service is put together."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from fastapi import FastAPI

from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.api import internal_routes
from services.otp.domain.guess_limits import GuessLimits
from services.otp.domain.passcode import PasscodeBook
from services.otp.handlers import register_handlers
from services.otp.settings import OtpSettings
from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.issue_passcode import IssuePasscode, Randomness
from services.otp.use_cases.verify_passcode import VerifyPasscode
from shared.credentials import CredentialBook
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.redis import redis_answers, redis_client
from shared.sealing import Sealer


def build(settings: OtpSettings) -> FastAPI:
    redis = redis_client(str(settings.redis_url))
    store = RedisChallenges(redis)
    bus = EventBus("otp", settings)
    peppers, code_keys, sealing_keys = (
        Keyring.parse(text.get_secret_value())
        for text in (settings.peppers, settings.code_keys, settings.sealing_public_keys)
    )
    book = PasscodeBook(peppers, code_keys, settings.code_digits)
    randomness = Randomness(secrets.randbelow, uuid4)
    issue = IssuePasscode(store, book, Sealer(sealing_keys), bus.publisher.publish, randomness)
    limits = GuessLimits(settings.max_attempts, settings.account_guesses_per_day, settings.account_guesses_per_30_days)
    verify = VerifyPasscode(store, book, limits)
    follow = FollowChallenge(store, limits)
    register_handlers(bus, issue, follow)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bus.start()
        yield
        await bus.stop()
        await redis.aclose()

    health = Health({"kafka": bus.healthy, "redis": lambda: redis_answers(redis)})
    app = http_service("Gatepost OTP (internal)", health, lifespan)
    callers = CredentialBook.parse(settings.callers.get_secret_value())
    app.include_router(internal_routes(verify, follow, callers))
    return app
