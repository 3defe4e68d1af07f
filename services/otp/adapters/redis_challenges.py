"""Challenges in Redis. Each verb is one Lua script, so that nothing can come between its steps.

A challenge is one hash. Fields: m MAC, k the pepper's label, c ciphertext, h client hash, e expiry, a attempts,
s state, n mails, t time of the last, d<n> rank and time of the last news of mail n, g history of the server
(scripts/terms.lua); of a refused one r reason, u when there is room again. Times are ms of Redis `TIME`: one clock for
all instances. What the account has used up lies apart and outlives every challenge (scripts/account.lua).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from services.otp.adapters.redis_keys import challenge_keys, ids_of
from services.otp.adapters.scripts import source_of
from services.otp.domain.challenge import ChallengeRef, End, Ended, Judgement, Refusal, Resend, State, Status, Verdict
from services.otp.domain.delivery import News
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import Draft
from services.otp.use_cases.issue_passcode import Issued, Refused
from services.otp.use_cases.resend_passcode import Resent
from shared.epoch import epoch_ms, from_epoch_ms
from shared.redis_script import Script
from shared.unavailable import DependencyUnavailable

# A closed challenge is remembered this long after its end, so that a late duplicate of its event mints nothing.
OUTLIVES_MS: Final = 60_000
# Who judged a challenge's last code has so long to tell of its end before somebody else does.
LEASE_MS: Final = 10_000
NOBODY: Final = UUID(int=0)


class RedisChallenges:
    """`script` makes a script of its source; its replicas must hold what a verdict stands on before it is given."""

    def __init__(self, script: Callable[[str], Script], clock: str | None = None) -> None:
        self._issue, self._judge, self._resend, self._status = (
            script(source_of("about", "terms", "account", "close", verb, clock=clock))
            for verb in ("issue", "judge", "resend", "status")
        )
        self._record_delivery = script(source_of("about", "record_delivery", clock=clock))
        self._unlock = script(source_of("about", "account", "unlock", clock=clock))

    async def issue(
        self, challenge: ChallengeRef, draft: Draft, client_hash: str, expires_at: datetime, limits: Limits
    ) -> Issued | Refused | None:
        secret = (draft.mac, draft.pepper_id, draft.ciphertext)
        told = (*secret, _short(client_hash), epoch_ms(expires_at), OUTLIVES_MS)
        word, *rest = await self._run(self._issue, challenge, limits, *told)
        if word == b"over":
            return None
        if word == b"refused":
            return Refused(Refusal(rest[0].decode()), _moment(rest[1]))
        return Issued(rest[0])

    async def judge(
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], limits: Limits
    ) -> Judgement:
        pairs = [part for pair in macs for part in pair]
        answer = await self._run(self._judge, challenge, limits, _short(client_hash), LEASE_MS, *pairs)
        word, remaining, until, end, attempts = answer
        if word == b"other-pepper":  # of a key that another instance has already, or has no longer
            raise DependencyUnavailable("peppers")
        ended = Ended(challenge, End(end.decode()), attempts) if end else None
        return Judgement(Verdict(word.decode()), remaining, _moment(until), ended)

    async def resend(self, challenge: ChallengeRef, client_hash: str, limits: Limits) -> Resent:
        word, *rest = await self._run(self._resend, challenge, limits, _short(client_hash))
        result = Resend(word.decode())
        if result is not Resend.SENT:
            return Resent(result, retry_at=_moment(rest[0]))
        following, mail, ciphertext, expires = rest
        return Resent(result, _moment(following), mail=mail, ciphertext=ciphertext, expires_at=from_epoch_ms(expires))

    async def status(self, challenge: ChallengeRef, limits: Limits) -> Status | None:
        answer = await self._run(self._status, challenge, limits)
        if not answer:
            return None
        state, remaining, expires, resend, room, *mails = answer
        return Status(
            State(state.decode()),
            attempts_remaining=remaining,
            expires_at=from_epoch_ms(expires),
            mails=tuple(map(_news, mails)) or (News(),),
            resend_available_at=_moment(resend),
            retry_at=_moment(room),
        )

    async def record_delivery(self, challenge: ChallengeRef, mail: int, rank: int, at: datetime) -> None:
        await _about(challenge, self._record_delivery, mail, rank, epoch_ms(at))

    async def unlock(self, account_id: UUID) -> None:
        await _about(ChallengeRef(account_id, NOBODY), self._unlock)

    async def _run(
        self, script: Script, challenge: ChallengeRef, limits: Limits, *args: str | bytes | int
    ) -> list[Any]:
        return await _about(challenge, script, _terms(limits, script.replicas), *args)


async def _about(challenge: ChallengeRef, script: Script, *args: str | bytes | int) -> list[Any]:
    return await script.about(ids_of(challenge), challenge_keys(challenge), *args)


@lru_cache
def _terms(limits: Limits, replicas: int) -> str:
    """As scripts/terms.lua reads them."""
    shown = {name.removesuffix("_ms"): value for name, value in asdict(limits).items()}
    return json.dumps(shown | {"replicas": replicas})


def _short(client_hash: str) -> bytes:
    """16 bytes: no two clients of a challenge will share them."""
    return hashlib.sha256(client_hash.encode()).digest()[:16]


def _moment(ms: int | bytes) -> datetime | None:
    return from_epoch_ms(ms) if int(ms) else None


def _news(text: bytes) -> News:
    rank, at = map(int, text.split() or (0, 0))
    return News.of_rank(rank, _moment(at))
