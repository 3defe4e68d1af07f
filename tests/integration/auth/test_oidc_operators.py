"""Support at auth, vouched for by an OpenID Connect issuer."""

from pathlib import Path
from typing import Any

import aiohttp

from deploy.local.valkey import Valkey
from services.auth.app import build
from tests.integration.auth.conftest import auth_settings
from tests.integration.shared.served import served
from tests.oidc_issuer import AUDIENCE, oidc_issuer


async def test_a_measure_stands_in_the_audit_under_a_name_of_the_issuers(
    kafka_bootstrap: str, database: str, valkey: Valkey, tmp_path: Path
) -> None:
    nowhere = "http://127.0.0.1:1"
    async with oidc_issuer() as issuer, aiohttp.ClientSession() as http:
        more = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE}
        app = build(auth_settings(kafka_bootstrap, database, nowhere, tmp_path / "policy.json", valkey.url, **more))
        async with served(app) as url:

            async def call(method: str, path: str, *roles: str, **body: str) -> tuple[int, Any]:
                headers = issuer.bearer(*roles, sub="viewer")  # which is a name of the list as well
                async with http.request(method, f"{url}/v1/admin{path}", json=body or None, headers=headers) as answer:
                    return answer.status, await answer.json(content_type=None)

            _, account = await call("GET", "/accounts?username=own-mfa", "viewer")
            lock = f"/accounts/{account['id']}/lock"
            assert (await call("POST", lock, "viewer", "approver", reason="ticket 4711"))[0] == 403
            assert (await call("POST", lock, "viewer", "support", reason="ticket 4711"))[0] == 200
            _, audit = await call("GET", f"/audit?account_id={account['id']}", "admin")
    assert [(entry["actor"], entry["reason"]) for entry in audit["entries"]] == [
        ("operator:oidc:viewer", "ticket 4711")
    ]
