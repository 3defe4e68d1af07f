"""The notifier, which dies as by kill -9 at one point of the way of its first mail: `dying_notifier.py POINT`."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from services.notifier.adapters.redis_bucket import RedisBucket
from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.adapters.sendgrid import SendGrid
from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.publish_together import PublishTogether
from shared.service_main import serve_command
from shared.settings import read

# Every await between a message and its committed offset. What follows one and precedes the next is one point.
POINTS: Final[dict[str, tuple[type, str, str]]] = {
    "before the claim": (RedisClaims, "claim", "before"),
    "after the claim": (RedisClaims, "claim", "after"),
    "after the look at the suppressions": (RedisSuppressions, "of", "after"),
    "after its turn": (RedisBucket, "take", "after"),
    "before the answer of the provider is known": (SendGrid, "send", "after"),
    "after the acceptance is recorded": (RedisClaims, "accepted", "after"),
    "after the outcome is published": (PublishTogether, "__call__", "after"),
}
# The provider hangs: nobody knows.
DOUBTFUL: Final[dict[str, tuple[type, str, str]]] = {
    "before the doubt is recorded": (RedisClaims, "doubted", "before"),
    "after the doubt is recorded": (RedisClaims, "doubted", "after"),
}


def dies_at(owner: type, verb: str, when: str) -> None:
    alive: Callable[..., Awaitable[Any]] = getattr(owner, verb)

    async def dying(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            await alive(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, verb, dying)


if __name__ == "__main__":
    dies_at(*(POINTS | DOUBTFUL)[sys.argv[1]])
    serve_command("notifier", read(NotifierSettings), build)
