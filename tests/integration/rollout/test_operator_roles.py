"""Which role may do what at rollout: every operation, every role, whichever way an operator is known.

A new operation needs a line here, or `test_every_operation_has_its_line` fails.
"""

from collections.abc import AsyncIterator, Set
from pathlib import Path
from uuid import uuid4

import pytest

from shared.operator_settings import OPERATOR_ROLES
from tests.integration.rollout.instance import OFF, TOKENS, Rollout, rollout_on
from tests.oidc_issuer import AUDIENCE, Issuer, oidc_issuer

ALL = frozenset({"viewer", "release_manager", "approver", "admin"})
CHANGE, PLAN = "/v1/changes/{change_id}", "/v1/plans/{plan_id}"
MAY: dict[str, Set[str]] = {
    "GET /v1/regions": ALL,
    "GET /v1/regions/{region}": ALL,
    "PUT /v1/regions/{region}": {"release_manager", "admin"},
    "GET /v1/regions/{region}/propagation": ALL,
    "DELETE /v1/instances/{instance}": {"release_manager", "admin"},
    "POST /v1/regions/{region}/pause": {"release_manager", "approver", "admin"},
    "POST /v1/regions/{region}/resume": {"release_manager", "admin"},
    "GET /v1/regions/{region}/guard": ALL,
    "GET /v1/regions/{region}/announcements": ALL,
    "POST /v1/regions/{region}/announcements": {"release_manager"},
    "GET /v1/changes": ALL,
    "POST /v1/changes": {"release_manager", "admin"},
    f"GET {CHANGE}": ALL,
    f"PUT {CHANGE}": {"release_manager", "admin"},
    **{f"POST {CHANGE}/{verb}": {"release_manager", "admin"} for verb in ("submit", "schedule", "apply", "cancel")},
    **{f"POST {CHANGE}/{verb}": {"approver", "admin"} for verb in ("approve", "reject")},
    "GET /v1/plans": ALL,
    "POST /v1/plans": {"release_manager", "admin"},
    f"GET {PLAN}": ALL,
    f"PUT {PLAN}": {"release_manager", "admin"},
    **{f"POST {PLAN}/{verb}": {"release_manager", "admin"} for verb in ("submit", "start", "resume", "cancel")},
    **{f"POST {PLAN}/{verb}": {"approver", "admin"} for verb in ("approve", "reject")},
    f"POST {PLAN}/pause": {"release_manager", "approver", "admin"},
    f"GET {CHANGE}/preview": ALL,
    "POST /v1/previews": ALL,
    "GET /v1/regions/{region}/logins": ALL,
    "GET /v1/events": ALL,
    "GET /v1/audit": ALL,
    "GET /v1/audit/head": ALL,
}
PUBLIC = {"GET /v1/schedule", "GET /livez", "GET /readyz", "GET /metrics"}


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with oidc_issuer() as running:
        yield running


@pytest.fixture(scope="module")
async def rollout(
    postgres_url: str, kafka_bootstrap: str, server_directory: Path, issuer: Issuer
) -> AsyncIterator[Rollout]:
    told = {"GATEPOST_OIDC_ISSUER": issuer.url, "GATEPOST_OIDC_AUDIENCE": AUDIENCE}
    async with rollout_on(postgres_url, kafka_bootstrap, server_directory / "logs", told) as instance:
        yield instance


async def answer(rollout: Rollout, operation: str, authorization: str) -> tuple[int, str]:
    """The status, and the name of the problem if it is one."""
    method, path = operation.split()
    body = None if method == "GET" else OFF
    path = path.replace("{region}", "nowhere")
    for name in ("{change_id}", "{plan_id}", "{instance}"):
        path = path.replace(name, str(uuid4()))
    found = await rollout.call(method, path, body, Authorization=authorization)
    return found.status, found.problem if found.status >= 400 else ""


def is_let_in(status: int, problem: str) -> bool:
    """What comes then is the operation's own answer."""
    assert status < 500
    return (status, problem) not in ((401, "unknown-caller"), (403, "wrong-role"))


async def test_every_operation_has_its_line(rollout: Rollout) -> None:
    paths = (await rollout.call("GET", "/openapi.json")).json["paths"]
    described = {
        f"{method.upper()} {path}": what for path, methods in paths.items() for method, what in methods.items()
    }
    assert set(described) == MAY.keys() | PUBLIC
    assert {name for name, what in described.items() if what.get("security")} == MAY.keys()


@pytest.mark.parametrize("operation", MAY)
async def test_a_token_of_the_list_may_do_what_its_role_may(rollout: Rollout, operation: str) -> None:
    for role, token in TOKENS.items():
        assert is_let_in(*await answer(rollout, operation, f"Bearer {token}")) == (role in MAY[operation]), role


@pytest.mark.parametrize("operation", MAY)
async def test_a_token_of_the_issuer_may_do_what_its_roles_may(
    rollout: Rollout, issuer: Issuer, operation: str
) -> None:
    for role in OPERATOR_ROLES | {"owner"}:
        one = f"Bearer {issuer.token(role)}"
        assert is_let_in(*await answer(rollout, operation, one)) == (role in MAY[operation]), role
    assert is_let_in(*await answer(rollout, operation, f"Bearer {issuer.token('support', *MAY[operation])}"))
    assert await answer(rollout, operation, f"Bearer {issuer.token()}") == (403, "wrong-role")


@pytest.mark.parametrize("operation", MAY)
async def test_nobody_else_may_do_anything(rollout: Rollout, issuer: Issuer, operation: str) -> None:
    expired, elsewhere = issuer.token("admin", exp=1), issuer.token("release_manager", aud="gatepost")
    for authorization in (
        "",
        "Bearer",
        "Bearer wrong",
        f"Basic {TOKENS['admin']}",
        *map("Bearer {}".format, (expired, elsewhere)),
    ):
        assert await answer(rollout, operation, authorization) == (401, "unknown-caller"), authorization


async def test_the_public_operations_need_nobody(rollout: Rollout) -> None:
    for operation in PUBLIC:
        assert (await answer(rollout, operation, "Bearer wrong"))[0] == 200
