"""Codes judged by one OTP process, beside a bare route that runs one EVALSHA."""

from collections.abc import Iterator
from itertools import cycle

from deploy.local.system import LocalSystem
from tests.bench.bare_service import ROWS
from tests.bench.in_turns import WARM_UP_S, Flood
from tests.bench.passcodes import Challenge
from tests.bench.plan import Plan
from tests.bench.raw_http import Repeated, Talk, Typing, post
from tests.bench.sessions import CONNECTIONS
from tests.bench.side_process import BareService

WRONG_EACH = 4  # the fifth closes a challenge
MOST_PER_SECOND = 6_000  # of one process, on any machine that this has seen
AFTERMATH_S = 0.1  # ends of challenges are told on Kafka after the answer: part of what a right code costs


def challenges_needed(plan: Plan) -> int:
    return _codes(plan) + _codes(plan) // WRONG_EACH + 1


def _codes(plan: Plan) -> int:
    """Of one kind, in all turns and the one that warms up."""
    return int((plan.rounds * plan.floods * plan.flood_s + WARM_UP_S) * MOST_PER_SECOND)


def verify_floods(system: LocalSystem, bare: BareService, challenges: list[Challenge], plan: Plan) -> dict[str, Flood]:
    otp, redis, credential = system.services["otp"], system.redis.pid, system.keys.otp_credential
    rows = cycle([post("/bare-script", {"row": row}) for row in range(ROWS)])
    once = _codes(plan)
    right = _attempts(challenges[:once], credential, right=True, times=1)
    wrong = _attempts(challenges[once:], credential, right=False, times=WRONG_EACH)

    def judged(requests: Iterator[bytes], verdict: bytes) -> list[Talk]:
        return [Typing(requests, verdict)] * CONNECTIONS

    return {
        "bare_script": Flood(bare.url, bare.pid or 0, [Repeated(rows)] * CONNECTIONS, redis),
        "verify_wrong": Flood(otp.url, otp.pid or 0, judged(wrong, b"wrong"), redis),
        "verify_right": Flood(otp.url, otp.pid or 0, judged(right, b"verified"), redis, AFTERMATH_S),
    }


def _attempts(challenges: list[Challenge], credential: str, *, right: bool, times: int) -> Iterator[bytes]:
    for _ in range(times):
        for challenge in challenges:
            yield challenge.attempt(credential, right=right)
