"""Challenges in Redis. Each verb is one Lua script, so that nothing can come between its steps.

A challenge is one hash, `otp:{<account>}:c:<challenge>`; the `{account}` tag puts all keys of an account into one
cluster slot. Fields: m MAC, k pepper id, c ciphertext, i message id, h client hash, e expiry (ms), a attempts,
s state, d delivery rank, t its time (ms). `otp:{<account>}:w` is the account's guess budget, which outlives every
challenge (scripts/account_budget.lua). Times come from Redis `TIME`: one clock for all instances.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from services.otp.domain.challenge import ChallengeRef, Judgement, State, Status, Verdict, delivery_of_rank
from services.otp.domain.guess_limits import GuessLimits
from services.otp.domain.passcode import Draft
from services.otp.use_cases.issue_passcode import Issued
from shared.redis import Script, epoch_ms, from_epoch_ms

# A closed challenge is remembered this long after its end, so that a late duplicate of its event mints nothing.
OUTLIVES_MS: Final = 60_000


class RedisChallenges:
    def __init__(self, client: Redis) -> None:
        scripts = resources.files("services.otp.adapters.scripts")
        budget = scripts.joinpath("account_budget.lua").read_text()
        issue, judge, status, record_delivery = (
            scripts.joinpath(f"{name}.lua").read_text() for name in ("issue", "judge", "status", "record_delivery")
        )
        self._issue = Script(client, issue)
        self._judge = Script(client, budget + judge)
        self._status = Script(client, budget + status)
        self._record_delivery = Script(client, record_delivery)

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
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], limits: GuessLimits
    ) -> Judgement:
        pairs = [part for pair in macs for part in pair]
        verdict, remaining, *until = await _run(self._judge, challenge, *_most(limits), client_hash, *pairs)
        return Judgement(Verdict(verdict.decode()), int(remaining), from_epoch_ms(until[0]) if until else None)

    async def status(self, challenge: ChallengeRef, limits: GuessLimits) -> Status | None:
        answer = await _run(self._status, challenge, *_most(limits))
        if not answer:
            return None
        state, remaining, expires, rank, at = answer
        return Status(
            State(state.decode()),
            attempts_remaining=int(remaining),
            expires_at=from_epoch_ms(expires),
            delivery=delivery_of_rank(int(rank)),
            delivery_at=from_epoch_ms(at) if at else None,
        )

    async def record_delivery(self, challenge: ChallengeRef, rank: int, at: datetime) -> None:
        await _run(self._record_delivery, challenge, rank, epoch_ms(at))


def _most(limits: GuessLimits) -> tuple[int, int, int]:
    return limits.per_challenge, limits.per_account_day, limits.per_account_month


async def _run(script: Script, challenge: ChallengeRef, *args: str | bytes | int) -> list[Any]:
    """Every key that a script may touch is named to it, as Redis Cluster asks."""
    account = f"otp:{{{challenge.account_id}}}"
    keys = [f"{account}:c:{challenge.challenge_id}", f"{account}:w"]
    return await script.about(challenge.challenge_id.bytes, keys, *args)
