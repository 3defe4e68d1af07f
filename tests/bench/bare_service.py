"""`python -m tests.bench.bare_service`: a service of nothing, on the server that all of ours run on.

`GET /bare` is the floor of `/v1/authz`: a route, its request and its answer. `POST /bare-update` is that of
`/v1/tokens/refresh`: a body, one statement on a row found by its key, and one signature. `POST /bare-script` is that
of judging a code: a body, and one EVALSHA.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import RedisDsn

from shared.health import Health
from shared.http_service import http_service
from shared.redis import redis_client
from shared.service_main import serve_command
from shared.settings import DatabaseSettings, ServiceSettings, read

ROWS = 1_000
_TABLE = "CREATE TABLE IF NOT EXISTS bench_floor (id integer PRIMARY KEY, used integer NOT NULL)"
_FILL = "INSERT INTO bench_floor SELECT generate_series(0, $1::integer - 1), 0 ON CONFLICT DO NOTHING"
_UPDATE = "UPDATE bench_floor SET used = used + 1 WHERE id = $1 RETURNING used"
_SIGNED = b"x" * 500  # about what is signed of an access token
_COUNT = "return redis.call('HINCRBY', KEYS[1], 'a', 1)"


class BareSettings(ServiceSettings, DatabaseSettings):
    redis_url: RedisDsn


def build(settings: BareSettings) -> FastAPI:
    key = Ed25519PrivateKey.generate()
    count = redis_client(str(settings.redis_url)).register_script(_COUNT)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(str(settings.database_url), min_size=10, max_size=10) as pool:
            await pool.execute(_TABLE)
            await pool.execute(_FILL, ROWS)
            app.state.pool = pool
            yield

    app = http_service("Nothing", Health({}), lifespan)

    @app.get("/bare", response_class=Response)
    async def bare() -> Response:
        return Response()

    @app.post("/bare-update", response_class=Response)
    async def bare_update(request: Request) -> Response:
        row = json.loads(await request.body())["row"]
        await request.app.state.pool.fetchval(_UPDATE, row)
        return Response(key.sign(_SIGNED).hex())

    @app.post("/bare-script", response_class=Response)
    async def bare_script(request: Request) -> Response:
        row = json.loads(await request.body())["row"]
        return Response(str(await count([f"bench:{row}"], [])))

    return app


if __name__ == "__main__":
    serve_command("bare", read(BareSettings), build)
