"""Claims in Redis. Each verb is one Lua script, so that nothing can come between its steps.

A message is one hash, `notifier:{<challenge id>}:send:<message id>`; the tag keeps it in the cluster slot of
`notifier:{<challenge id>}:closed`, which is there when the challenge is over. (A notice has no challenge, and is tagged
by its own id.) Fields: s state, a attempt, n sends that count, t time of the last change (ms), l end of the lease (ms),
p the provider that accepted it, d the one that may have sent it, w attempt and time when it was first withheld.
Neither code nor address. Times come from Redis `TIME`: one clock for all instances.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.notifier.adapters import scripts
from services.notifier.domain.claim import (
    AlreadySent,
    Claim,
    Claimed,
    Closed,
    Doubt,
    Exhausted,
    Held,
    SendTerms,
    TooLate,
    Withheld,
)
from services.notifier.domain.fate import NO_PROVIDER
from services.notifier.domain.mail_due import MailDue
from services.notifier.use_cases.deliver_mail import Delivery
from shared.epoch import epoch_ms, from_epoch_ms
from shared.redis import RedisClient
from shared.redis_script import Script, Scripts


class RedisClaims:
    def __init__(self, client: RedisClient, terms: SendTerms) -> None:
        self._terms = terms
        self._lease, self._least_life, self._kept, self._closed_kept = map(
            _millis, (terms.lease, terms.least_life, terms.kept, terms.closed_kept)
        )
        self._claim, self._count_another, self._accepted, self._refused, self._withheld, self._doubted, self._close = (
            Scripts(client).of_package(
                scripts, "claim", "count_another", "accepted", "refused", "withheld", "doubted", "close"
            )
        )

    async def claim(self, due: MailDue) -> Claim:
        tag = due.challenge_id or due.message_id
        terms = (self._lease, epoch_ms(due.expires_at), self._least_life, self._terms.most_sends, self._kept)
        return _claim_of(await self._claim.about(due.message_id.bytes, [_message(due), _closed(tag)], *terms))

    async def count_another(self, due: MailDue, attempt: int, doubted: str) -> bool:
        (counted,) = await _run(self._count_another, due, attempt, self._terms.most_sends, doubted)
        return bool(counted == 1)

    async def accepted(self, due: MailDue, attempt: int, provider: str) -> AlreadySent:
        return _sent(*await _run(self._accepted, due, attempt, provider, epoch_ms(due.expires_at), self._kept))

    async def refused(self, due: MailDue, attempt: int) -> None:
        await _run(self._refused, due, attempt)

    async def withheld(self, due: MailDue, attempt: int) -> Withheld:
        (first,) = await _run(self._withheld, due, attempt)
        found, at = map(int, first.split(b" "))
        return Withheld(found, from_epoch_ms(at))

    async def doubted(self, due: MailDue, attempt: int, delivery: Delivery) -> Doubt:
        args = (attempt, self._terms.most_sends, delivery.provider, int(delivery.unused))
        at, another = await _run(self._doubted, due, *args)
        return Doubt(from_epoch_ms(at), another == 1)

    async def close(self, challenge_id: UUID) -> None:
        await self._close.about(challenge_id.bytes, [_closed(challenge_id)], self._closed_kept)


def _message(due: MailDue) -> str:
    return f"notifier:{{{due.challenge_id or due.message_id}}}:send:{due.message_id}"


def _closed(tag: UUID) -> str:
    return f"notifier:{{{tag}}}:closed"


async def _run(script: Script, due: MailDue, *args: str | int) -> list[Any]:
    return await script.about(due.message_id.bytes, [_message(due)], *args)


def _claim_of(answer: list[Any]) -> Claim:
    verdict, *rest = answer
    match verdict:
        case b"claimed":
            attempt, doubted, sends = rest
            return Claimed(attempt, _name(doubted) or (NO_PROVIDER if sends else None))
        case b"held":
            return Held(timedelta(milliseconds=rest[0]))
        case b"sent":
            return _sent(*rest)
        case b"exhausted":
            return Exhausted(rest[0], from_epoch_ms(rest[1]), _name(rest[2]))
        case b"closed":
            return Closed(rest[0], from_epoch_ms(rest[1]))
        case _:
            return TooLate(rest[0], from_epoch_ms(rest[1]))


def _name(text: bytes) -> str | None:
    return text.decode() or None


def _sent(attempt: int, at: int, provider: bytes) -> AlreadySent:
    return AlreadySent(provider.decode(), attempt, from_epoch_ms(at))


def _millis(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
