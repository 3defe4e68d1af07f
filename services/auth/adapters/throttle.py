"""The throttle of passwords, out of its settings: Redis for all instances, this process while Redis is away."""

import time
from typing import Final

from services.auth.adapters.memory_throttle import MemoryThrottle
from services.auth.adapters.redis_throttle import RedisThrottle
from services.auth.settings import ThrottleSettings
from services.auth.use_cases.throttle_passwords import Limits, ThrottlePasswords
from shared.keyring import Keyring
from shared.redis import RedisClient

_USE_OF_KEY: Final = "gatepost: names and addresses in the throttle"


def password_throttle(redis: RedisClient, settings: ThrottleSettings, storage_keys: Keyring) -> ThrottlePasswords:
    """Another first key in `storage_keys` gives everybody a full burst, once."""
    limits = Limits(
        settings.wrong_passwords_account_at_address,
        settings.wrong_passwords_address,
        settings.wrong_passwords_account_on_device,
    )
    secret = storage_keys.current.for_use(_USE_OF_KEY)
    here = MemoryThrottle(lambda: time.monotonic_ns() // 1_000_000)
    return ThrottlePasswords(RedisThrottle(redis, time.monotonic), here, limits, secret)
