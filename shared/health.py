"""Liveness, readiness and metrics of a service.

`/readyz` runs every check and is 200 only when all pass. `?exclude=NAME` leaves one out, as the Kubernetes
API server does: a load balancer in front of auth excludes `kafka` and `otp`, so that sessions go on while
mail cannot (docs/decisions/0003-readiness.md).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

Check = Callable[[], Awaitable[bool]]

CHECK_TIMEOUT_S = 1.5
REMEMBERED_S = 0.5  # a probe storm must not become a storm on the dependencies


class Health:
    """The named checks of a service. `draining` turns readiness off before anything is closed; `stopping` is set when
    open connections are waited for: an answer without an end of its own ends now."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)
        self._remembered: tuple[float, dict[str, bool]] = (float("-inf"), {})
        self._running = asyncio.Lock()
        self.draining = False
        self.stopping = asyncio.Event()

    async def results(self) -> dict[str, bool]:
        """Each check's name and whether it passed; a check that hangs or raises has not."""
        async with self._running:
            at, known = self._remembered
            if time.monotonic() - at < REMEMBERED_S:
                return known
            outcomes = await asyncio.gather(*(self._run(check) for check in self._checks.values()))
            known = dict(zip(self._checks, outcomes, strict=True))
            self._remembered = (time.monotonic(), known)
            return known

    @staticmethod
    async def _run(check: Check) -> bool:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                return await check()
        except Exception:  # whatever a client raises: not ready
            return False


class LivenessOut(BaseModel):
    status: Literal["alive"] = "alive"


class ReadinessOut(BaseModel):
    status: Literal["ready", "not_ready", "draining"]
    checks: dict[str, Literal["ok", "failing"]]


def health_routes(health: Health) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="The process runs")
    async def livez() -> LivenessOut:
        return LivenessOut()

    @router.get(
        "/readyz",
        summary="The service can do its job",
        response_model=ReadinessOut,
        responses={503: {"model": ReadinessOut, "description": "Not ready; the same body, since probes are shown it"}},
    )
    async def readyz(exclude: Annotated[list[str] | None, Query()] = None) -> Response:
        results = {name: ok for name, ok in (await health.results()).items() if name not in (exclude or ())}
        ready = all(results.values()) and not health.draining
        checks = {name: "ok" if ok else "failing" for name, ok in results.items()}
        status = "draining" if health.draining else "ready" if ready else "not_ready"
        return JSONResponse({"status": status, "checks": checks}, 200 if ready else 503)

    @router.get("/metrics", summary="Prometheus text format", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
