"""What a signed-in person calls, on a running auth."""

from typing import Any
from uuid import uuid4

from services.auth.adapters.postgres_accounts import PostgresAccounts
from shared.postgres import postgres_engine
from tests.integration.auth.conftest import HASH, Auth
from tests.unit.auth.samples import account


async def new_person(auth: Auth, region: str = "auth-enforced", **changes: Any) -> str:
    """The username of a new account; the password is everybody's. The address is `<username>@customer.example`."""
    engine = postgres_engine(auth.database, autocommit=True)
    username = str(uuid4())
    values = {"id": uuid4(), "password_hash": HASH, "region": region, "email": f"{username}@customer.example"}
    await PostgresAccounts(engine).add(account(**(values | changes)), username)
    await engine.dispose()
    return username


async def with_code(auth: Auth, username: str, **more: Any) -> dict[str, Any]:
    """The answer to a login that a code from the mail completed."""
    _, required = await auth.log_in(username)
    status, done = await auth.verify(required, await auth.code_for(required), **more)
    assert status == 200, done
    return dict(done)


async def call(auth: Auth, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with auth.session.request(method, auth.url + path, json=body, headers=headers) as response:
        content = await response.read()
        return response.status, content and await response.json(content_type=None), response.headers


async def refresh(auth: Auth, token: str) -> tuple[int, Any]:
    return await auth.post("/v1/tokens/refresh", {"refresh_token": token})


async def authz(auth: Auth, token: str, query: str = "") -> int:
    status, _, _ = await auth.get(f"/v1/authz{query}", Authorization=f"Bearer {token}")
    return status
