"""Operators whom an OpenID Connect issuer vouches for, at a rollout that runs while the issuer lives its life."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.rollout.instance import OFF, RAMP, Rollout, bearer, rollout_on
from tests.oidc_issuer import AUDIENCE, Issuer, IssuerKey, oidc_issuer

SETTINGS = {
    "GATEPOST_OIDC_AUDIENCE": AUDIENCE,
    "GATEPOST_OIDC_ROLE_CLAIM": "realm_access.roles",
    "GATEPOST_OIDC_ROLES": "gatepost-release=release_manager,gatepost-release=viewer,staff=viewer",
}
ANNOUNCED = (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
NOTICE = {"kind": "advance-notice", "at": ANNOUNCED, "time_zone": "Europe/Berlin"}


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with oidc_issuer() as running:
        yield running


@pytest.fixture
async def rollout(
    postgres_url: str, kafka_bootstrap: str, server_directory: Path, issuer: Issuer
) -> AsyncIterator[Rollout]:
    told = SETTINGS | {"GATEPOST_OIDC_ISSUER": issuer.url}
    async with rollout_on(postgres_url, kafka_bootstrap, server_directory / "logs", told) as instance:
        yield instance


def known(issuer: Issuer, *values: str, key: IssuerKey | None = None, sub: str = "kim") -> dict[str, str]:
    return issuer.bearer(key=key, sub=sub, realm_access={"roles": list(values)})


async def test_what_somebody_does_stands_under_a_name_of_the_issuers(
    rollout: Rollout, issuer: Issuer, name: str
) -> None:
    created = await rollout.call(
        "PUT", f"/v1/regions/{name}", OFF, if_none_match="*", **known(issuer, "gatepost-release", sub="some-viewer")
    )
    assert (created.status, created.json["changed_by"]) == (201, "oidc:some-viewer")  # not the one of the list
    assert (await rollout.call("GET", f"/v1/regions/{name}", **known(issuer, "staff"))).status == 200
    refused = await rollout.call("PUT", f"/v1/regions/{name}", RAMP, if_match='"1"', **known(issuer, "staff", "admin"))
    assert (refused.status, refused.problem) == (403, "wrong-role")


async def test_keys_are_replaced_while_it_runs(rollout: Rollout, issuer: Issuer) -> None:
    old = issuer.keys[0]
    assert (await rollout.call("GET", "/v1/regions", **known(issuer, "staff"))).status == 200
    issuer.keys.append(IssuerKey("k2", "RS256"))
    for key in (issuer.keys[-1], old):
        assert (await rollout.call("GET", "/v1/regions", **known(issuer, "staff", key=key))).status == 200
    unknown = await rollout.call("GET", "/v1/regions", **known(issuer, "staff", key=IssuerKey("k3")))
    assert (unknown.status, unknown.problem) == (401, "unknown-caller")


async def test_while_the_issuer_is_away_known_keys_and_the_list_serve(rollout: Rollout, issuer: Issuer) -> None:
    assert (await rollout.call("GET", "/v1/regions", **known(issuer, "staff"))).status == 200
    await issuer.stop()
    assert (await rollout.call("GET", "/v1/regions", **known(issuer, "staff"))).status == 200
    assert (await rollout.call("GET", "/v1/regions", **bearer("viewer"))).status == 200
    assert await rollout.ready()
    unknown = await rollout.call("GET", "/v1/regions", **known(issuer, "staff", key=IssuerKey("k2")))
    assert (unknown.status, unknown.json["dependency"], unknown.headers["Retry-After"]) == (503, "oidc-issuer", "10")


async def test_without_a_key_ever_fetched_the_list_serves_and_others_are_told_to_come_again(
    postgres_url: str, kafka_bootstrap: str, server_directory: Path, issuer: Issuer
) -> None:
    await issuer.stop()
    told = SETTINGS | {"GATEPOST_OIDC_ISSUER": issuer.url}
    async with rollout_on(postgres_url, kafka_bootstrap, server_directory / "logs", told) as rollout:
        assert await rollout.ready()
        assert (await rollout.call("GET", "/v1/regions", **bearer("viewer"))).status == 200
        answer = await rollout.call("GET", "/v1/regions", **known(issuer, "staff"))
        assert (answer.status, answer.problem) == (503, "temporarily-unavailable")
        assert answer.headers["Retry-After"] == "10"


async def test_an_idempotency_key_is_of_the_person_whatever_the_names_look_like(
    rollout: Rollout, issuer: Issuer, name: str
) -> None:
    for region in (name, "k"):
        await rollout.create(region)
    other = f"a/{name}"
    first = await rollout.call(
        "POST", f"/v1/regions/{name}/announcements", NOTICE,
        idempotency_key="k/1", **known(issuer, "gatepost-release", sub="a"),
    )  # fmt: skip
    second = await rollout.call(
        "POST", "/v1/regions/k/announcements", NOTICE,
        idempotency_key="1", **known(issuer, "gatepost-release", sub=other),
    )  # fmt: skip
    assert (first.status, second.status) == (201, 201)
    assert first.json["announcement_id"] != second.json["announcement_id"]


async def test_a_key_of_a_change_is_of_the_person_whatever_the_names_look_like(
    rollout: Rollout, issuer: Issuer, name: str
) -> None:
    change = {"region": name, **RAMP}
    first, second = [
        await rollout.call(
            "POST", "/v1/changes", change, idempotency_key=key, **known(issuer, "gatepost-release", sub=sub)
        )
        for sub, key in (("a", f"b/{name}"), ("a/b", name))
    ]
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] != second.json["id"]
