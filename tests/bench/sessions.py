"""`/v1/authz` and `/v1/tokens/refresh` beside bare routes; logins with a factor beside those with a password alone."""

from collections.abc import Callable
from itertools import cycle

from aiohttp import ClientSession

from deploy.local.system import LocalSystem
from tests.bench.accounts import CHEAP, EQUIPPED, SETTLED
from tests.bench.bare_service import ROWS
from tests.bench.in_turns import Flood, Pace, Sample, Turns, idle_cores
from tests.bench.ledger import Ledger
from tests.bench.people import Person, SignIn, access_tokens, equipped
from tests.bench.plan import Plan
from tests.bench.raw_http import Refreshing, Repeated, Talk, get, post
from tests.bench.side_process import BareService

CONNECTIONS = 16
Samples = dict[str, list[Sample]]


async def measure_sessions(
    system: LocalSystem, bare: BareService, http: ClientSession, ledger: Ledger, plan: Plan, tell: Callable[[str], None]
) -> Samples:
    auth = system.services["auth"]
    sign_in = SignIn(auth.url, http, ledger)
    tell(f"equipping {EQUIPPED.size} people with apps, recovery codes and trusted devices")
    people, tokens = await equipped(sign_in, EQUIPPED), await access_tokens(sign_in, SETTLED)
    pid = auth.pid or 0
    floods = Turns({**_authz(auth.url, pid, bare, tokens), **_refresh(auth.url, pid, bare, people)}, plan.flood_s)
    idle = await idle_cores(pid, plan.idle_s)
    factors = Turns(_factors(sign_in, people, pid, plan.latency_rate, idle), plan.factors_s)
    await floods.warm_up()
    for number in range(1, plan.rounds + 1):
        tell(f"requests and factors, round {number} of {plan.rounds}")
        for _ in range(plan.floods):
            await floods.round()
        await factors.round()
    return floods.samples | factors.samples


def _authz(url: str, pid: int, bare: BareService, tokens: list[str]) -> dict[str, Flood]:
    def flood(url: str, pid: int, path: str, tokens: list[str]) -> Flood:
        requests = cycle([get(path, token) for token in tokens])
        return Flood(url, pid, [Repeated(requests)] * CONNECTIONS)

    return {
        "bare_route": flood(bare.url, bare.pid or 0, "/bare", tokens[:1]),
        "authz_one_token": flood(url, pid, "/v1/authz", tokens[:1]),
        "authz_many_tokens": flood(url, pid, "/v1/authz", tokens),
    }


def _refresh(url: str, pid: int, bare: BareService, people: list[Person]) -> dict[str, Flood]:
    """With many at once, and one after the other: how long it takes when nobody else is there."""
    sessions: list[Talk] = [Refreshing(person.refresh_token) for person in people[: CONNECTIONS + 1]]
    updates = cycle([post("/bare-update", {"row": row}) for row in range(ROWS)])
    rows: list[Talk] = [Repeated(updates)] * CONNECTIONS
    return {
        "bare_update": Flood(bare.url, bare.pid or 0, rows),
        "refresh": Flood(url, pid, sessions[:CONNECTIONS]),
        "bare_update_alone": Flood(bare.url, bare.pid or 0, rows[:1]),
        "refresh_alone": Flood(url, pid, sessions[CONNECTIONS:]),
    }


def _factors(sign_in: SignIn, people: list[Person], pid: int, rate: float, idle: float) -> dict[str, Pace]:
    steps = {
        "password": sign_in.by_password(SETTLED),
        "device": sign_in.by_device(people),
        "totp": sign_in.by_totp(people),
        "recovery_code": sign_in.by_recovery_code(people),
        "email": sign_in.by_email(CHEAP),
    }
    return {name: Pace(step, pid, rate, idle) for name, step in steps.items()}
