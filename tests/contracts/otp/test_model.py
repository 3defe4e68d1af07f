"""Ten thousand steps without a difference between the scripts and their model; and five famous bugs that are found."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from redis.asyncio import Redis

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.otp.adapters.redis_challenges import LEASE_MS, RedisChallenges
from services.otp.adapters.scripts import source_of
from services.otp.domain.challenge import ChallengeRef, Judgement, Verdict
from services.otp.domain.limits import Limits
from shared.redis_script import Script, Scripts
from tests.contracts.otp.model_machine import ModelMachine
from tests.contracts.otp.timeline import CLOCK_LUA
from tests.redis_at import redis_at

STEPS_IN_A_RUN = 60
SETTINGS = settings(
    stateful_step_count=STEPS_IN_A_RUN,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class ValkeyToDebug(Valkey):
    def argv(self) -> Sequence[str]:
        return [*super().argv(), "--enable-debug-command", "yes"]


@pytest.fixture(scope="module")
def machine(server_directory: Path) -> Iterator[type[ModelMachine]]:
    server = ValkeyToDebug(server_directory / "redis-model", free_port(), server_directory / "logs", append_only=False)
    server.start()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ModelMachine.runner, ModelMachine.client = runner, redis_at(server.url)
        yield ModelMachine
        runner.run(ModelMachine.client.aclose())
    server.close()


def test_the_scripts_do_what_their_model_does(machine: type[ModelMachine], request: pytest.FixtureRequest) -> None:
    least = request.config.getoption("--model-steps")
    machine.steps = 0
    run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=least // 25))

    assert machine.steps >= least
    print(f"{machine.steps} steps")  # noqa: T201 - shown with -s


class Mutated(RedisChallenges):
    """The store with pieces of its Lua replaced; each piece must be there."""

    def __init__(self, client: Redis, *pieces: tuple[str, str]) -> None:
        self._pieces, self._found, self._scripts = pieces, set[str](), Scripts(client)
        super().__init__(self._script, clock=CLOCK_LUA)
        if missing := {old for old, _ in pieces} - self._found:
            raise LookupError(missing)  # no AssertionError: that would be a bug that was found

    def _script(self, source: str) -> Script:
        for old, new in self._pieces:
            if old in source:
                self._found.add(old)
                source = source.replace(old, new)
        return self._scripts.script(source)


COUNT = "attempts = redis.call('HINCRBY', KEYS[1], 'a', 1)"
CLOSE = "  close(ended, attempts, told_by)\n"


class InTwoSteps(Mutated):
    """What the first script should have done, another does afterwards: others come between."""

    def __init__(self, client: Redis, afterwards: str, when: Verdict, *pieces: tuple[str, str]) -> None:
        super().__init__(client, *pieces)
        pieces_of_judge = source_of("about", "terms", "account", "close", clock=CLOCK_LUA)
        self._afterwards = self._scripts.script(pieces_of_judge + afterwards)
        self._when = when

    async def judge(
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], limits: Limits
    ) -> Judgement:
        judgement = await super().judge(challenge, client_hash, macs, limits)
        if judgement.verdict is self._when:
            await self._run(self._afterwards, challenge, limits)
        return judgement


def counter_after_compare(client: Redis) -> RedisChallenges:
    afterwards = f"""
        local now = now_ms()
        local account = load_account(now)
        account.w[#account.w + 1], account.f = now, account.f + 1
        save_account(account, now)
        local {COUNT}
        if attempts >= terms.wrong_per_challenge then close('locked', attempts, now + {LEASE_MS}) end
        return {{ids}}"""
    uncounted = (
        (COUNT, "attempts = attempts + 1"),
        (CLOSE, "redis.call('HSET', KEYS[1], 'a', attempts)" + CLOSE),
        ("account.w[#account.w + 1] = now\n", "account.f = account.f - 1\n"),
    )
    return InTwoSteps(client, afterwards, Verdict.WRONG, *uncounted)


def non_atomic_consume(client: Redis) -> RedisChallenges:
    afterwards = f"""
        close('verified', redis.call('HGET', KEYS[1], 'a'), now_ms() + {LEASE_MS})
        return {{ids}}"""
    return InTwoSteps(client, afterwards, Verdict.VERIFIED, (CLOSE, "  if word ~= 'verified' then" + CLOSE + "end\n"))


def reset_on_resend(client: Redis) -> RedisChallenges:
    return Mutated(client, ("'n', sends + 1, 't', now)", "'n', sends + 1, 't', now, 'a', 0)"))


def expiry_by_ttl_only(client: Redis) -> RedisChallenges:
    return Mutated(client, ("if state == 'expired' or now >= tonumber(expires) then return verdict('expired') end", ""))


def budget_inside_the_challenge(client: Redis) -> RedisChallenges:
    return Mutated(client, ("KEYS[2]", "KEYS[1] .. ':account'"))


BUGS = [
    counter_after_compare,
    reset_on_resend,
    expiry_by_ttl_only,
    non_atomic_consume,
    budget_inside_the_challenge,
]


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_that_peers_have_is_found(machine: type[ModelMachine], bug: Callable[[Redis], RedisChallenges]) -> None:
    buggy: Any = type("Buggy", (machine,), {"store_of": staticmethod(bug), "steps": 0})
    quick = settings(SETTINGS, max_examples=500, phases=[Phase.generate], print_blob=False)
    with pytest.raises(AssertionError) as found:
        run_state_machine_as_test(buggy, settings=quick)
    assert buggy.steps > 0
    print(f"{bug.__name__}: found after {buggy.steps} steps: {found.value!r:.300}")  # noqa: T201
