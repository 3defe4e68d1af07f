"""The issuer's keys over real HTTP: kept, fetched again, and what an issuer that fails does to who operates."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from shared.oidc_issuer import AGAIN_S, MOST_BODY_BYTES, STALE_S, OidcIssuer
from shared.unavailable import DependencyUnavailable
from tests.oidc_issuer import DISCOVERY, JWKS, MOVED, Issuer, IssuerKey, oidc_issuer

K2 = json.dumps({"keys": [IssuerKey("k2").jwk]}).encode()


class Seconds:
    """Those that `OidcIssuer` counts."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with oidc_issuer() as running:
        yield running


@asynccontextmanager
async def following(
    url: str, seconds: Seconds, jwks_url: str | None = None, deadline_s: float = 3
) -> AsyncIterator[OidcIssuer]:
    keys = OidcIssuer(url, jwks_url, seconds, deadline_s)
    await keys.open()
    try:
        yield keys
    finally:
        await keys.close()


@pytest.fixture
async def keys(issuer: Issuer, seconds: Seconds) -> AsyncIterator[OidcIssuer]:
    async with following(issuer.url, seconds) as found:
        yield found


async def knows(keys: OidcIssuer, kid: str) -> bool:
    return await keys.key(kid, "ES256") is not None


async def is_unavailable(keys: OidcIssuer, kid: str = "k1") -> bool:
    try:
        await keys.key(kid, "ES256")
    except DependencyUnavailable as missing:
        return (missing.dependency, missing.retry_after) == ("oidc-issuer", AGAIN_S)
    return False


async def test_keys_are_found_by_discovery_once(issuer: Issuer, keys: OidcIssuer) -> None:
    assert await asyncio.gather(*(knows(keys, "k1") for _ in range(50))) == [True] * 50
    assert issuer.asked == {DISCOVERY: 1, JWKS: 1}


async def test_an_address_of_the_keys_spares_the_discovery(issuer: Issuer, seconds: Seconds) -> None:
    async with following("https://login.example", seconds, issuer.url + JWKS) as keys:
        assert await knows(keys, "k1")
    assert issuer.asked == {JWKS: 1}


async def test_a_new_key_is_known_as_soon_as_a_token_names_it(
    issuer: Issuer, keys: OidcIssuer, seconds: Seconds
) -> None:
    await keys.refresh()
    issuer.keys.append(IssuerKey("k2"))
    assert await knows(keys, "k2")
    assert await knows(keys, "k1")


async def test_a_withdrawn_key_is_believed_until_the_next_refresh(issuer: Issuer, keys: OidcIssuer) -> None:
    await keys.refresh()
    issuer.keys = [IssuerKey("k2")]
    assert await knows(keys, "k1")
    await keys.refresh()
    assert not await knows(keys, "k1")


async def test_made_up_key_ids_do_not_make_us_hammer_the_issuer(
    issuer: Issuer, keys: OidcIssuer, seconds: Seconds
) -> None:
    await keys.refresh()
    assert not any(await asyncio.gather(*(knows(keys, f"made-up-{number}") for number in range(200))))
    assert issuer.asked[JWKS] == 2  # the refresh, and one for all of them
    issuer.keys.append(IssuerKey("k2"))
    seconds.now += AGAIN_S - 1
    assert not await knows(keys, "k2")
    seconds.now += 1
    assert await knows(keys, "k2")
    assert issuer.asked[JWKS] == 3


async def test_while_the_issuer_is_away_its_keys_serve_for_a_day(
    issuer: Issuer, keys: OidcIssuer, seconds: Seconds
) -> None:
    await keys.refresh()
    await issuer.stop()
    with pytest.raises(DependencyUnavailable):
        await keys.refresh()
    seconds.now += STALE_S
    assert await knows(keys, "k1")
    assert await is_unavailable(keys, "k2")  # which may be a good one: nobody can say
    seconds.now += 1
    assert await is_unavailable(keys, "k1")
    await issuer.start()
    seconds.now += AGAIN_S
    assert await knows(keys, "k1")


async def test_an_issuer_that_was_never_there_is_asked_again(
    issuer: Issuer, keys: OidcIssuer, seconds: Seconds
) -> None:
    await issuer.stop()
    assert await is_unavailable(keys)
    await issuer.start()
    assert await is_unavailable(keys)
    assert issuer.asked == {}
    seconds.now += AGAIN_S
    assert await knows(keys, "k1")


async def test_a_slow_issuer_is_not_waited_for_and_holds_up_no_known_key(issuer: Issuer, seconds: Seconds) -> None:
    async with following(issuer.url, seconds, deadline_s=0.2) as keys:
        await keys.refresh()
        issuer.held = asyncio.Event()
        waiting = asyncio.create_task(is_unavailable(keys, "k2"))
        assert await knows(keys, "k1")
        assert not waiting.done()
        assert await waiting
        issuer.held.set()


def said(text: str, **headers: str) -> Callable[[str], web.Response]:
    return lambda url: web.Response(
        text=text.replace("URL", url).replace("PORT", url.rpartition(":")[2]),
        content_type="application/json",
        headers=headers,
    )


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, lambda _: web.Response(status=404)),
        (DISCOVERY, lambda url: web.Response(status=302, headers={"Location": url + JWKS})),
        (DISCOVERY, said('{"issuer": "https://other.example", "jwks_uri": "URL/keys"}')),
        (DISCOVERY, said('{"issuer": "URL/", "jwks_uri": "URL/keys"}')),
        (DISCOVERY, said('{"jwks_uri": "URL/keys"}')),
        (DISCOVERY, said('{"issuer": "URL"}')),
        (DISCOVERY, said('{"issuer": "URL", "jwks_uri": ["URL/keys"]}')),
        (
            DISCOVERY,
            said('{"issuer": "URL", "jwks_uri": "http://0.0.0.0:PORT/keys"}'),
        ),  # which answers, and is not called loopback
        (DISCOVERY, said('{"issuer": "URL", "jwks_uri": "file:///etc/passwd"}')),
        (DISCOVERY, said("[]")),
        (JWKS, lambda _: web.Response(status=500)),
        (JWKS, lambda url: web.Response(status=307, headers={"Location": url + MOVED})),
        (JWKS, said("<html>")),
        (JWKS, said("")),
        (JWKS, said('{"keys": []}')),
        (JWKS, said("[" * 100_000)),
        (JWKS, said(K2.decode() + " " * MOST_BODY_BYTES)),
        (JWKS, lambda _: web.Response(body=b"\xff\xfe")),
        (JWKS, lambda _: web.Response(body=gzip.compress(K2), headers={"Content-Encoding": "gzip"})),
    ],
)
async def test_an_answer_that_will_not_do_changes_nothing(
    issuer: Issuer, keys: OidcIssuer, path: str, answer: Callable[[str], web.Response]
) -> None:
    await keys.refresh()
    issuer.keys = [IssuerKey("k2")]
    issuer.answers[path] = answer
    with pytest.raises(DependencyUnavailable):
        await keys.refresh()
    assert await knows(keys, "k1")
    assert await is_unavailable(keys, "k2")
