"""Claims in Redis. Each verb is one Lua script, so that nothing can come between its steps.

A message is one hash, `notifier:{<message id>}:send`; the tag keeps whatever a message gets later in its cluster slot.
Fields: s state, a attempt, n sends that count, t time of the last change (ms), l end of the lease (ms), p provider.
Neither code nor address. Times come from Redis `TIME`: one clock for all instances.
"""

from datetime import datetime, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

from services.notifier.domain.claim import AlreadySent, Claim, Claimed, Doubt, Exhausted, Held, SendTerms, TooLate
from shared.redis import RedisClient, epoch_ms, from_epoch_ms
from shared.redis_script import Script


class RedisClaims:
    def __init__(self, client: RedisClient, terms: SendTerms) -> None:
        self._terms = terms
        self._lease, self._least_life, self._kept = map(_millis, (terms.lease, terms.least_life, terms.kept))
        scripts = resources.files("services.notifier.adapters.scripts")
        self._claim, self._accepted, self._refused, self._doubted = (
            Script(client, scripts.joinpath(f"{name}.lua").read_text())
            for name in ("claim", "accepted", "refused", "doubted")
        )

    async def claim(self, message_id: UUID, expires_at: datetime) -> Claim:
        terms = (self._lease, epoch_ms(expires_at), self._least_life, self._terms.most_sends, self._kept)
        return _claim_of(await _run(self._claim, message_id, *terms))

    async def accepted(self, message_id: UUID, attempt: int, provider: str, expires_at: datetime) -> AlreadySent:
        answer = await _run(self._accepted, message_id, attempt, provider, epoch_ms(expires_at), self._kept)
        return _sent(*answer)

    async def refused(self, message_id: UUID, attempt: int) -> None:
        await _run(self._refused, message_id, attempt)

    async def doubted(self, message_id: UUID, attempt: int) -> Doubt:
        at, another = await _run(self._doubted, message_id, attempt, self._terms.most_sends)
        return Doubt(from_epoch_ms(at), another == 1)


async def _run(script: Script, message_id: UUID, *args: str | int) -> list[Any]:
    return await script.about(message_id.bytes, [f"notifier:{{{message_id}}}:send"], *args)


def _claim_of(answer: list[Any]) -> Claim:
    verdict, *rest = answer
    if verdict == b"claimed":
        return Claimed(rest[0])
    if verdict == b"held":
        return Held(timedelta(milliseconds=rest[0]))
    if verdict == b"sent":
        return _sent(*rest)
    attempt, at = rest
    return Exhausted(attempt, from_epoch_ms(at)) if verdict == b"exhausted" else TooLate(attempt, from_epoch_ms(at))


def _sent(attempt: int, at: int, provider: bytes) -> AlreadySent:
    return AlreadySent(provider.decode(), attempt, from_epoch_ms(at))


def _millis(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
