"""Tokens of the issuer, for us, while they hold; nothing else makes an operator."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from services.auth.domain.access import Access
from services.auth.domain.factor import Method, proof_of
from shared.credentials import Caller
from shared.oidc_claims import OperatorClaims
from shared.oidc_keys import VerifyingKey, fitting, keys_in
from shared.oidc_tokens import MOST_CHARS, OidcTokens
from shared.unavailable import DependencyUnavailable
from tests.oidc_issuer import AUDIENCE, IssuerKey, claims
from tests.unit.auth.samples import ACCOUNT_ID, challenge
from tests.unit.auth.samples import ISSUER as AUTH
from tests.unit.auth.samples import tokens as auth_tokens

ISSUER = "https://login.example/realms/staff"
KEYS = {algorithm: IssuerKey(f"k-{algorithm}", algorithm) for algorithm in ("RS256", "PS256", "ES256", "EdDSA")}
ROLES = {role: frozenset({role}) for role in ("viewer", "admin")}
KIM = Caller("oidc:kim", frozenset({"viewer"}))


class Known:
    """The keys of a set, as if just fetched."""

    def __init__(self, *jwks: dict[str, Any]) -> None:
        self._keys = keys_in({"keys": list(jwks)})

    async def key(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
        return fitting(self._keys, kid, algorithm)


def reading(*jwks: dict[str, Any], issuer: str = ISSUER, audience: str = AUDIENCE) -> OidcTokens:
    return OidcTokens(Known(*jwks), issuer, audience, OperatorClaims("roles", "sub", ROLES))


TOKENS = reading(*(key.jwk for key in KEYS.values()))


def signed(algorithm: str = "ES256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token as the issuer would make it, with something changed."""
    return KEYS[algorithm].sign(claims(ISSUER, **changes), **(header or {}))


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_token_of_the_issuer_names_who_it_is_and_the_roles(algorithm: str) -> None:
    assert await TOKENS.caller_of(signed(algorithm)) == KIM
    both = signed(algorithm, roles=["viewer", "admin", "nobody-knows"])
    assert await TOKENS.caller_of(both) == Caller("oidc:kim", frozenset({"viewer", "admin"}))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_access_tokens_and_id_tokens_do(typ: str) -> None:
    assert await TOKENS.caller_of(signed(header={"typ": typ})) == KIM


async def test_a_token_for_others_too_does() -> None:
    assert await TOKENS.caller_of(signed(aud=["somebody-else", AUDIENCE])) == KIM


@pytest.mark.parametrize(
    "changes",
    [
        lambda now: {"exp": now - 50},
        lambda now: {"nbf": now + 50},
        lambda now: {"iat": now + 50},
    ],
)
async def test_clocks_may_be_a_minute_apart(changes: Callable[[int], dict[str, Any]]) -> None:
    assert await TOKENS.caller_of(signed(**changes(int(time.time())))) == KIM


@pytest.mark.parametrize(
    "changes",
    [
        lambda now: {"exp": now - 70},
        lambda now: {"nbf": now + 70},
        lambda now: {"iat": now + 70},
        lambda _: {"exp": None},
        lambda _: {"iat": None},
        lambda _: {"exp": "tomorrow"},
        lambda _: {"exp": float("inf")},
        lambda _: {"exp": float("nan")},
        lambda _: {"exp": [1]},
        lambda _: {"nbf": {}},
        lambda _: {"nbf": float("inf")},
        lambda _: {"iat": float("inf")},
        lambda _: {"iss": "https://login.example/realms/customers"},
        lambda _: {"iss": ISSUER + "/"},
        lambda _: {"iss": None},
        lambda _: {"aud": "account"},
        lambda _: {"aud": AUDIENCE + "2"},
        lambda _: {"aud": []},
        lambda _: {"aud": [[AUDIENCE]]},
        lambda _: {"aud": {AUDIENCE: 1}},
        lambda _: {"aud": None},
        lambda _: {"sub": None},
        lambda _: {"sub": ""},
        lambda _: {"sub": 7},
        lambda _: {"sub": "kim\nadmin"},
        lambda _: {"sub": "k\u0456m"},
        lambda _: {"sub": "k" * 256},
        lambda _: {"cnf": {"jkt": "a-thumbprint"}},
        lambda _: {"filling": "x" * MOST_CHARS},
    ],
)
async def test_what_is_not_for_us_now_is_nobody(changes: Callable[[int], dict[str, Any]]) -> None:
    assert await TOKENS.caller_of(signed(**changes(int(time.time())))) is None


@pytest.mark.parametrize(
    "header",
    [
        {"typ": typ}
        for typ in ("challenge+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", 1, ["JWT"], "application/jwt+x")
    ]
    + [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False}, {"kid": "k-RS256"}, {"kid": "k-none"}, {"kid": ""}],
)
async def test_a_header_of_something_else_is_nobody(header: dict[str, Any]) -> None:
    assert await TOKENS.caller_of(signed(header=header)) is None


async def test_roles_that_are_no_text_are_none() -> None:
    for roles in ({"viewer": True}, [["viewer"], 1, None, {}], 7, "VIEWER", "viewer admin"):
        assert await TOKENS.caller_of(signed(roles=roles)) == Caller("oidc:kim", frozenset())
    assert await TOKENS.caller_of(signed(roles="viewer")) == KIM


async def test_without_a_signature_it_is_no_token() -> None:
    header, body, signature = signed().split(".")
    algorithms: list[object] = ["none", "None", "NONE", "", None, ["ES256"], {}]
    for algorithm in algorithms:
        forged = part({"alg": algorithm, "typ": "JWT", "kid": "k-ES256"})
        assert await TOKENS.caller_of(f"{forged}.{body}.") is None
        assert await TOKENS.caller_of(f"{forged}.{body}.{signature}") is None
    assert await TOKENS.caller_of(f"{header}.{body}.") is None
    assert await TOKENS.caller_of(f"{header}.{part(claims(ISSUER, sub='sam'))}.{signature}") is None


async def test_a_public_key_is_not_the_secret_of_an_hmac() -> None:
    for key in KEYS.values():
        public = key.private.public_key()
        texts = [public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), json.dumps(key.jwk).encode()]
        for text in texts:
            # By hand: PyJWT will not make this one.
            signing = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key.kid})}.{part(claims(ISSUER))}"
            mac = jwt.get_algorithm_by_name("HS256").sign(signing.encode(), text)
            assert await TOKENS.caller_of(f"{signing}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}") is None


async def test_a_foreign_key_under_a_known_id_is_no_key() -> None:
    for algorithm, private in (
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("RS256", rsa.generate_private_key(65537, 2048)),
    ):
        foreign = IssuerKey(f"k-{algorithm}", algorithm, private)
        assert await TOKENS.caller_of(foreign.sign(claims(ISSUER))) is None


async def test_a_key_that_the_token_brings_along_is_no_key() -> None:
    own = IssuerKey("k-ES256")
    for brought in ({"jwk": own.jwk}, {"jku": "https://attacker.example/keys"}, {"x5u": "https://attacker.example/x"}):
        assert await TOKENS.caller_of(own.sign(claims(ISSUER), **brought)) is None


async def test_weaker_and_other_algorithms_of_the_same_key_do_not_count() -> None:
    """Also where the key does not say which one it is for."""
    for algorithm in ("RS384", "RS512", "PS512"):
        token = jwt.encode(claims(ISSUER), KEYS["RS256"].private, algorithm, headers={"kid": "k-RS256"})
        assert await TOKENS.caller_of(token) is None
    only = reading(KEYS["RS256"].jwk | {"alg": "PS256"})
    assert await only.caller_of(KEYS["RS256"].sign(claims(ISSUER))) is None


async def test_without_a_key_id_there_must_be_one_key_only() -> None:
    token = jwt.encode(claims(ISSUER), KEYS["ES256"].private, "ES256")
    assert await reading(KEYS["ES256"].jwk).caller_of(token) == KIM
    assert await reading(KEYS["ES256"].jwk, IssuerKey("another").jwk).caller_of(token) is None


async def test_nobody_who_signed_in_at_auth_operates_it() -> None:
    """Not even where somebody named auth itself as the issuer, with its keys and the audience of a product."""
    theirs = auth_tokens(lambda: datetime.now(UTC))
    proof = proof_of(Method.EMAIL_OTP)
    access = Access(ACCOUNT_ID, "editor", datetime.now(UTC), proof.amr, proof.acr, ("account",), uuid4())
    jwk = theirs.jwks()["keys"][0]
    for token, audience in (
        (theirs.sign_access(access), "editor"),
        (theirs.sign_challenge(challenge(issued_at=datetime.now(UTC))), "gatepost:challenge"),
    ):
        assert await reading(jwk, issuer=AUTH, audience=audience).caller_of(token) is None
        assert await TOKENS.caller_of(token) is None


def deep(opening: str, closing: str) -> str:
    return opening * 3_000 + closing * 3_000


@pytest.mark.parametrize("text", [deep("[", "]"), deep('{"a":', "}"), "[" * 9_000, "1", '"x"', "[]", "\ud800", "{"])
async def test_parts_that_are_no_objects_are_no_token(text: str) -> None:
    header, body, signature = signed().split(".")
    odd = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    assert await TOKENS.caller_of(f"{odd}.{body}.{signature}") is None
    assert await TOKENS.caller_of(f"{header}.{odd}.{signature}") is None


async def test_claims_that_go_deep_are_no_token_though_they_are_signed() -> None:
    body = base64.urlsafe_b64encode(deep("[", "]").encode()).decode().rstrip("=")
    signing = f"{part({'alg': 'EdDSA', 'kid': 'k-EdDSA'})}.{body}"
    signature = base64.urlsafe_b64encode(KEYS["EdDSA"].private.sign(signing.encode())).decode().rstrip("=")
    assert await TOKENS.caller_of(f"{signing}.{signature}") is None


@given(st.text(st.characters(), max_size=200) | st.lists(st.text(max_size=60), min_size=3, max_size=3).map(".".join))
@example("\ud800.x.y")
async def test_no_text_breaks_the_reading(text: str) -> None:
    assert await TOKENS.caller_of(text) is None


async def test_while_no_key_is_known_nobody_is_refused_for_good() -> None:
    class Away:
        async def key(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
            raise DependencyUnavailable("oidc-issuer", 10)

    tokens = OidcTokens(Away(), ISSUER, AUDIENCE, OperatorClaims("roles", "sub", ROLES))
    with pytest.raises(DependencyUnavailable):
        await tokens.caller_of(signed())
    assert await tokens.caller_of("not a token") is None


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
