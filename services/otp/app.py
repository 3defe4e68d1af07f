"""The one place where the OTP service is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from fastapi import FastAPI

from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_changes import RedisChanges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.adapters.redis_fleet import RedisFleet
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
from services.otp.use_cases.watch_wrong_codes import EVERY_S as FLEET_EVERY_S
from services.otp.use_cases.watch_wrong_codes import WatchWrongCodes
from shared.credentials import CredentialBook
from shared.follow_keys import FollowKeys
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.periodic import periodically
from shared.redis import Script, redis_answers, redis_client
from shared.sealing import Sealer
from shared.unavailable import DependencyUnavailable

ENDS_EVERY_S: Final = 2.0


def build(settings: OtpSettings, reread: Callable[[], OtpSettings] | None = None) -> FastAPI:
    """`reread` says what the settings are by now; of what has changed, the keys are used."""
    redis, limits = redis_client(str(settings.redis_url)), settings.limits
    store, changes = RedisChallenges(partial(Script, redis)), RedisChanges(redis)
    bus = EventBus("otp", settings)
    peppers, code_keys, sealing_keys = (
        Keyring.parse(text.get_secret_value())
        for text in (settings.peppers, settings.code_keys, settings.sealing_public_keys)
    )
    book, sealer = PasscodeBook(peppers, code_keys), Sealer(sealing_keys)
    uses = {"peppers": book.use_peppers, "code_keys": book.use_code_keys, "sealing_public_keys": sealer.use}
    follow_keys = FollowKeys(settings, reread or (lambda: settings), uses)
    slot = timedelta(seconds=settings.wrong_share_slot_s)
    fleet_store = RedisFleet(partial(Script, redis), settings.band.window, slot)
    fleet = WatchWrongCodes(fleet_store, settings.band, settings.code_digits, bus.publisher.publish)
    announce = AnnouncePasscode(book, sealer, bus.publisher.publish)
    minting = Minting(secrets.randbelow, fleet.digits)
    issue = IssuePasscode(store, book, announce, minting, limits)
    tell_ends = TellEnds(RedisEnds(redis, partial(Script, redis)), bus.publisher.publish)
    verify = VerifyPasscode(store, book, limits, tell_ends, fleet.count)
    follow = FollowChallenge(store, changes, limits, partial(datetime.now, UTC))
    register_handlers(bus, issue, follow)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with suppress(DependencyUnavailable):  # what the others know already, before the first code is minted
            await fleet()
        bus.start()
        background = [
            asyncio.create_task(changes.listen()),
            asyncio.create_task(periodically("ends", ENDS_EVERY_S, tell_ends.sweep)),
            asyncio.create_task(periodically("fleet-breaker", FLEET_EVERY_S, fleet)),
            asyncio.create_task(periodically("key-files", settings.key_refresh_s, follow_keys)),
        ]
        yield
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await tell_ends.stop()
        await bus.stop()
        await redis.aclose()

    health = Health({"kafka": bus.healthy, "redis": lambda: redis_answers(redis)})
    app = http_service("Gatepost OTP (internal)", health, lifespan)
    callers = CredentialBook.parse(settings.callers.get_secret_value())
    app.include_router(challenge_routes(verify, ResendPasscode(store, announce, limits), follow, callers))
    app.include_router(account_routes(UnlockAccount(store, limits), callers))
    return app
