"""Challenges in Redis. Each verb is one Lua script, so that nothing can come between its steps.

A challenge is one hash, `otp:{<account>}:c:<challenge>`; the `{account}` tag puts all keys of an account into one
cluster slot. Fields: m MAC, k pepper id, c ciphertext, i message id, h client hash, e expiry (ms), a attempts,
s state, d delivery rank, t its time (ms). Times come from Redis `TIME`: one clock for all instances.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from services.otp.domain.challenge import ChallengeRef, Judgement, State, Status, Verdict, delivery_of_rank
from services.otp.domain.passcode import Draft
from services.otp.use_cases.issue_passcode import Issued
from shared.redis import Script, epoch_ms, from_epoch_ms

# A closed challenge is remembered this long after its end, so that a late duplicate of its event mints nothing.
OUTLIVES_MS: Final = 60_000


class RedisChallenges:
    def __init__(self, client: Redis) -> None:
        scripts = resources.files("services.otp.adapters.scripts")
        self._issue, self._judge, self._status, self._record_delivery = (
            Script(client, scripts.joinpath(f"{name}.lua").read_text())
            for name in ("issue", "judge", "status", "record_delivery")
        )

    async def issue(
        self, challenge: ChallengeRef, draft: Draft, client_hash: str, expires_at: datetime
    ) -> Issued | None:
        secret = (draft.mac, draft.pepper_id, draft.ciphertext)
        answer = await _run(
            self._issue, challenge, *secret, draft.message_id.bytes, client_hash, epoch_ms(expires_at), OUTLIVES_MS
        )
        if answer[0] == b"over":
            return None
        return Issued(UUID(bytes=answer[1]), answer[2])

    async def judge(
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], max_attempts: int
    ) -> Judgement:
        pairs = [part for pair in macs for part in pair]
        verdict, remaining = await _run(self._judge, challenge, max_attempts, client_hash, *pairs)
        return Judgement(Verdict(verdict.decode()), int(remaining))

    async def status(self, challenge: ChallengeRef, max_attempts: int) -> Status | None:
        answer = await _run(self._status, challenge)
        if not answer:
            return None
        state, attempts, expires, rank, at = answer
        return Status(
            State(state.decode()),
            attempts_remaining=max(0, max_attempts - int(attempts)),
            expires_at=from_epoch_ms(expires),
            delivery=delivery_of_rank(int(rank)),
            delivery_at=from_epoch_ms(at) if at else None,
        )

    async def record_delivery(self, challenge: ChallengeRef, rank: int, at: datetime) -> None:
        await _run(self._record_delivery, challenge, rank, epoch_ms(at))


async def _run(script: Script, challenge: ChallengeRef, *args: str | bytes | int) -> list[Any]:
    key = f"otp:{{{challenge.account_id}}}:c:{challenge.challenge_id}"
    return await script.about(challenge.challenge_id.bytes, key, *args)
