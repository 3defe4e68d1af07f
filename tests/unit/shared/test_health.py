"""Readiness tells the truth, quickly, whatever a check does."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI

from shared.health import CHECK_TIMEOUT_S, Health, health_routes
from tests.unit.shared.asgi_kit import call

Check = Callable[[], Awaitable[bool]]


async def passes() -> bool:
    return True


async def fails() -> bool:
    return False


async def breaks() -> bool:
    raise ConnectionRefusedError("redis://user:password@host")


async def hangs() -> bool:
    await asyncio.Event().wait()
    return True


def service(**checks: Check) -> tuple[FastAPI, Health]:
    health = Health(checks)
    app = FastAPI()
    app.include_router(health_routes(health))
    return app, health


async def test_ready_when_all_checks_pass() -> None:
    app, _ = service(kafka=passes, redis=passes)
    answer = await call(app, "GET", "/readyz")

    assert answer.status == 200
    assert answer.json == {"status": "ready", "checks": {"kafka": "ok", "redis": "ok"}}


@pytest.mark.parametrize("check", [fails, breaks])
async def test_one_failing_check_makes_it_not_ready_and_is_named(check: Check) -> None:
    app, _ = service(kafka=passes, redis=check)
    answer = await call(app, "GET", "/readyz")

    assert answer.status == 503
    assert answer.json == {"status": "not_ready", "checks": {"kafka": "ok", "redis": "failing"}}
    assert b"password" not in answer.body


async def test_checks_that_hang_are_given_up_together() -> None:
    app, _ = service(kafka=hangs, redis=hangs, postgres=passes)
    began = time.monotonic()
    answer = await call(app, "GET", "/readyz")

    assert answer.json["checks"] == {"kafka": "failing", "redis": "failing", "postgres": "ok"}
    assert time.monotonic() - began < CHECK_TIMEOUT_S + 1


async def test_a_check_can_be_left_out() -> None:
    app, _ = service(kafka=fails, otp=fails, postgres=passes)

    assert (await call(app, "GET", "/readyz?exclude=kafka&exclude=otp")).json == {
        "status": "ready",
        "checks": {"postgres": "ok"},
    }
    assert (await call(app, "GET", "/readyz?exclude=kafka")).status == 503
    assert (await call(app, "GET", "/readyz?exclude=unknown")).status == 503


async def test_draining_is_not_ready_however_well_it_is() -> None:
    app, health = service(kafka=passes)
    health.draining = True
    answer = await call(app, "GET", "/readyz?exclude=kafka")

    assert (answer.status, answer.json["status"]) == (503, "draining")


async def test_alive_says_nothing_about_dependencies() -> None:
    app, health = service(kafka=breaks)
    health.draining = True

    assert (await call(app, "GET", "/livez")).status == 200


async def test_a_storm_of_probes_is_one_check() -> None:
    asked = []

    async def counted() -> bool:
        asked.append(1)
        return True

    app, _ = service(kafka=counted)
    answers = await asyncio.gather(*(call(app, "GET", "/readyz") for _ in range(50)))

    assert {answer.status for answer in answers} == {200}
    assert len(asked) == 1


async def test_metrics_are_prometheus_text() -> None:
    app, _ = service()
    answer = await call(app, "GET", "/metrics")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
