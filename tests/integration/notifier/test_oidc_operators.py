"""Support at the notifier, vouched for by an OpenID Connect issuer, at the service and through the command."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from deploy.local.valkey import Valkey
from services.notifier.app import build
from tests.integration.notifier.test_feedback import GONE, TOKENS, settings
from tests.integration.shared.operator_command import gatepost_told
from tests.integration.shared.served import served
from tests.oidc_issuer import AUDIENCE, Issuer, IssuerKey, oidc_issuer


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with oidc_issuer() as running:
        yield running


@pytest.fixture(scope="module")
async def notifier(valkey: Valkey, issuer: Issuer) -> AsyncIterator[str]:
    more = {
        "oidc_issuer": issuer.url,
        "oidc_audience": AUDIENCE,
        "oidc_role_claim": "groups",
        "oidc_roles": "desk=support",
    }
    async with served(build(settings(GONE, valkey.url, **more))) as url:
        yield url


def address() -> str:
    return f"kim.{uuid4().hex}@customer.example"


async def look_up(url: str, token: str) -> tuple[int, Any]:
    call = aiohttp.request(
        "POST",
        f"{url}/v1/admin/suppressions/lookup",
        json={"address": address()},
        headers={"Authorization": f"Bearer {token}"},
    )
    async with call as response:
        return response.status, await response.json(content_type=None)


async def test_who_is_of_the_group_may_look(notifier: str, issuer: Issuer) -> None:
    assert (await look_up(notifier, issuer.token(groups=["desk", "others"])))[0] == 200
    assert (await look_up(notifier, TOKENS["support"]))[0] == 200


@pytest.mark.parametrize("groups", [[], ["support"], ["others"], "des", None])
async def test_who_is_not_may_not(notifier: str, issuer: Issuer, groups: Any) -> None:
    assert (await look_up(notifier, issuer.token("support", "admin", groups=groups)))[0] == 403


async def test_a_forged_token_is_nobodys(notifier: str, issuer: Issuer) -> None:
    forged = issuer.token(key=IssuerKey(issuer.keys[0].kid), groups=["desk"])
    assert (await look_up(notifier, forged))[0] == 401


async def test_the_command_takes_a_token_of_the_issuer(notifier: str, issuer: Issuer) -> None:
    told = {"GATEPOST_NOTIFIER_URL": notifier, "GATEPOST_OPERATOR_TOKEN": issuer.token(groups=["desk"])}
    shown = await gatepost_told(told, "suppressions", "show", typed=address())
    assert (shown.code, shown.err) == (0, "")
