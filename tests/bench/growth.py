"""The same login at few accounts and at many: two databases, an auth for each, in turns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from random import Random

from aiohttp import ClientSession

from deploy.local.seed_data import OFF_REGION
from deploy.local.system import LocalSystem
from tests.bench.accounts import Cohort
from tests.bench.in_turns import Pace, Sample, Turns, idle_cores
from tests.bench.ledger import Ledger
from tests.bench.people import SignIn, Step
from tests.bench.plan import Plan
from tests.bench.side_process import AnotherAuth

DATABASES = ("auth_few", "auth_many")


@contextmanager
def grown(system: LocalSystem, plan: Plan, tell: Callable[[str], None]) -> Iterator[dict[str, AnotherAuth]]:
    """By database. They live in the system's PostgreSQL, which must have been told of `DATABASES`."""
    auths = {name: _auth(system, name) for name in DATABASES}
    for (name, auth), accounts in zip(auths.items(), (plan.few_accounts, plan.many_accounts), strict=True):
        tell(f"importing {accounts} accounts into {name}")
        env = auth.environment()
        system.commands["migrate-auth"].run_module("services.auth", "migrate", env=env)
        Cohort(0, accounts, region=OFF_REGION).import_into(system, env)
    with auths["auth_few"], auths["auth_many"]:
        yield auths


def _auth(system: LocalSystem, name: str) -> AnotherAuth:
    snapshot = system.directory / "auth" / f"{name}.json"
    env = {"GATEPOST_DATABASE_URL": system.postgres.url(name), "GATEPOST_POLICY_SNAPSHOT": str(snapshot)}
    return AnotherAuth(system, name, env)


async def measure_growth(
    auths: dict[str, AnotherAuth], http: ClientSession, plan: Plan, tell: Callable[[str], None]
) -> dict[str, list[Sample]]:
    paces = {}
    for (name, auth), accounts in zip(auths.items(), (plan.few_accounts, plan.many_accounts), strict=True):
        pid = auth.pid or 0
        idle = await idle_cores(pid, plan.idle_s)
        paces[name] = Pace(_anybody(SignIn(auth.url, http, Ledger()), accounts), pid, plan.latency_rate, idle)
    turns = Turns(paces, plan.growth_s)
    await turns.warm_up()
    for number in range(1, plan.rounds + 1):
        tell(f"few and many accounts, round {number} of {plan.rounds}")
        await turns.round()
    return turns.samples


def _anybody(sign_in: SignIn, accounts: int) -> Step:
    """Whose rows lie anywhere in the table."""
    choose = Random(1)

    async def step() -> None:
        await sign_in.log_in(choose.randrange(accounts), HTTPStatus.OK)

    return step
