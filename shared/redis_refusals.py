"""Why Redis cannot be used, said to whoever operates it: what does not pass by waiting."""

import ssl
import time
from collections.abc import Iterator
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException

# Every call of a service may meet with it.
SAID_AGAIN_S: Final = 60.0
# The errors of redis-py name hosts and commands, and no argument of one.
_KINDS: Final = (ssl.SSLError, AuthenticationError, NoPermissionError, MasterNotFoundError, RedisClusterException)
# `ACL failure in script: …`, `… script: <hash>, on @user_script:…`: a right that is missing, no memory, or our mistake.
_IN_SCRIPT: Final = "script: "

_log = structlog.get_logger()
# What each client was told, and when.
_said: WeakKeyDictionary[object, dict[str, float]] = WeakKeyDictionary()


def tell_refusal(client: object, error: BaseException, by: str = "redis") -> None:
    """Logs a certificate that is not trusted, credentials or rights that do not do, no primary, no cluster, a failed
    script."""
    if not any(isinstance(each, _KINDS) or _IN_SCRIPT in str(each) for each in _chain(error)):
        return
    # Which Sentinels were asked, and with what, follows the colon; each has been told of by itself.
    reason = str(error).partition(" : ")[0] if isinstance(error, MasterNotFoundError) else str(error)
    now = time.monotonic()
    said = _said[client] = {each: at for each, at in _said.get(client, {}).items() if at >= now - SAID_AGAIN_S}
    if reason not in said:
        said[reason] = now
        _log.error("redis_refused", by=by, reason=reason)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
