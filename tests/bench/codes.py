"""The OTP service by itself: what a live challenge takes, what a verify costs, how soon a change is heard of."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientSession

from deploy.local.system import LocalSystem
from shared.redis import redis_client
from tests.bench.in_turns import Turns
from tests.bench.ledger import Ledger
from tests.bench.memory import measure_memory
from tests.bench.passcodes import Issuer
from tests.bench.plan import Plan
from tests.bench.pushes import Pushes
from tests.bench.sessions import Samples
from tests.bench.side_process import BareService
from tests.bench.verifies import challenges_needed, verify_floods


@dataclass(frozen=True)
class Codes:
    """`memory`: bytes by name. `pushes`: milliseconds by name, sorted."""

    verifies: Samples
    memory: dict[str, int]
    pushes: dict[str, list[float]]


async def measure_codes(
    system: LocalSystem, bare: BareService, http: ClientSession, ledger: Ledger, plan: Plan, tell: Callable[[str], None]
) -> Codes:
    redis = redis_client(system.redis.url)
    issuer = Issuer(system, redis)
    count = challenges_needed(plan)
    tell(f"issuing {count:,} challenges")
    memory, challenges = await measure_memory(redis, issuer, count)
    turns = Turns(verify_floods(system, bare, challenges, plan), plan.flood_s)
    await turns.warm_up()
    for number in range(1, plan.rounds + 1):
        tell(f"codes, round {number} of {plan.rounds}")
        for _ in range(plan.floods):
            await turns.round()
    pushes = await Pushes(system, http, plan, tell).measure(issuer, ledger)
    await redis.aclose()
    return Codes(turns.samples, memory, pushes)
