"""What each provider took in each minute, of all notifiers, in Redis: `notifier:{minute-<provider>}:<minute>`."""

from typing import Final

from services.notifier.adapters import scripts
from services.notifier.domain.provider_pace import Minute
from shared.redis import RedisClient
from shared.redis_script import Scripts

KEPT_MS: Final = 600_000


class RedisMinutes:
    def __init__(self, client: RedisClient) -> None:
        (self._count,) = Scripts(client).of_package(scripts, "count_minute")

    async def add(self, provider: str, minute: int, seen: Minute) -> Minute:
        """What all have seen of it. `minute`: since 1970. Raises: DependencyUnavailable."""
        key = f"notifier:{{minute-{provider}}}:{minute}"
        accepted, patience = await self._count.about(provider.encode(), [key], seen.accepted, seen.patience, KEPT_MS)
        return Minute(accepted, patience)
