"""The one place where the OTP service is put together, with services/otp/parts.py."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from fastapi import FastAPI

from services.otp.adapters.redis_changes import RedisChanges
from services.otp.api.challenges import account_routes, challenge_routes
from services.otp.handlers import register_handlers
from services.otp.parts import Keys, Stores, UseCases
from services.otp.settings import OtpSettings
from shared.credentials import CredentialBook
from shared.ending import ended
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.periodic import periodically
from shared.redis_fit import RedisFit
from shared.unavailable import DependencyUnavailable

TELL_EVERY_S: Final = 0.05
SWEEP_EVERY_S: Final = 2.0
TALLY_EVERY_S: Final = 1.0


def build(settings: OtpSettings, reread: Callable[[], OtpSettings] | None = None) -> FastAPI:
    """`reread` says what the settings are by now; of what has changed, the keys are used."""
    bus = EventBus("otp", settings)
    keys, stores = Keys(settings, reread), Stores(settings)
    use = UseCases(keys, stores, bus.publisher, settings)
    register_handlers(bus, use.issue, use.follow)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with suppress(DependencyUnavailable):  # what the others know already, before the first code is minted
            await use.fleet()
        bus.start()
        background = [
            asyncio.create_task(stores.changes.listen()),
            asyncio.create_task(_end_streams(health, stores.changes)),
            asyncio.create_task(periodically("ends", TELL_EVERY_S, use.tell_ends.tell)),
            asyncio.create_task(periodically("overdue-ends", SWEEP_EVERY_S, use.tell_ends.sweep)),
            asyncio.create_task(periodically("fleet-breaker", TALLY_EVERY_S, use.fleet)),
            asyncio.create_task(periodically("key-files", settings.key_refresh_s, keys.follow)),
        ]
        yield
        await ended(*background)
        await use.tell_ends.stop()
        await bus.stop()
        await stores.redis.aclose()

    health = Health({"kafka": bus.healthy, "redis": RedisFit(stores.redis, lasting=True)})
    app = http_service("Gatepost OTP (internal)", health, lifespan)
    callers = CredentialBook.parse(settings.callers.get_secret_value())
    app.include_router(challenge_routes(use.verify, use.resend, use.follow, callers))
    app.include_router(account_routes(use.unlock, callers))
    return app


async def _end_streams(health: Health, changes: RedisChanges) -> None:
    """Once the service stops: the drain would wait for them to the end of its patience."""
    await health.stopping.wait()
    changes.end()
