"""The OTP service by itself: what a live challenge takes, what a verify costs, how soon a change is heard of."""

from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession

from deploy.local.system import LocalSystem
from shared.redis import redis_client
from tests.bench.in_turns import Sample, Turns
from tests.bench.ledger import Ledger
from tests.bench.memory import measure_memory
from tests.bench.passcodes import Issuer
from tests.bench.plan import Plan
from tests.bench.pushes import Pushes
from tests.bench.side_process import BareService
from tests.bench.verifies import challenges_needed, verify_floods


async def measure_codes(
    system: LocalSystem, bare: BareService, http: ClientSession, ledger: Ledger, plan: Plan, tell: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, list[Sample]]]:
    """`memory` and `pushes` (milliseconds by name), and samples by name."""
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
    return {"memory": memory, "pushes": pushes}, turns.samples
