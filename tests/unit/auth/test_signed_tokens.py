"""Tokens of ours, for what they were made, while they hold; nothing else is a token."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.auth.adapters.signed_tokens import MAX_TOKEN_CHARS, SignedTokens
from services.auth.domain.access import Access
from services.auth.domain.factor import Method, proof_of
from services.auth.domain.signing_keys import CLOCK_SKEW, LONGEST_TOKEN_LIFE, SigningKeys
from services.auth.use_cases.verify_challenge import Closed
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.unit.auth.samples import ACCOUNT_ID, ISSUER, challenge, signing_key, tokens


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


TOKENS = tokens(now)
PROOF = proof_of(Method.EMAIL_OTP)
ACCESS = Access(ACCOUNT_ID, "editor", now(), PROOF.amr, PROOF.acr, ("account",), uuid4())
CHALLENGE = challenge(issued_at=now(), expires_at=now() + timedelta(hours=2))


def read(token: str, by: SignedTokens = TOKENS) -> tuple[object, object]:
    """What it is as an access token and as a challenge token."""
    return by.read_access(token, None), by.read_challenge(token)


NOTHING = (None, Closed.UNKNOWN)


def signed(
    claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    *,
    key: Any = None,
    algorithm: str = "EdDSA",
    without: str = "",
) -> str:
    """A token as ours would be, with something changed."""
    moment = int(time.time())
    whole = {
        "iss": ISSUER, "aud": "editor", "sub": str(ACCOUNT_ID), "jti": str(uuid4()), "iat": moment, "exp": moment + 600,
        "auth_time": moment, "amr": ["pwd", "otp"], "acr": "urn:gatepost:acr:email-otp",
    } | (claims or {})  # fmt: skip
    whole.pop(without, None)
    signer = key or Ed25519PrivateKey.from_private_bytes(signing_key("sign-1").seed)
    return jwt.encode(whole, signer, algorithm, headers={"kid": "sign-1", "typ": "at+jwt"} | (headers or {}))


def test_an_access_token_says_what_was_signed() -> None:
    assert TOKENS.read_access(TOKENS.sign_access(ACCESS), "editor") == ACCESS
    assert TOKENS.read_access(TOKENS.sign_access(ACCESS), None) == ACCESS
    assert TOKENS.read_access(signed(), "editor") is not None  # so that the refusals below mean something


def test_a_challenge_token_says_what_was_signed() -> None:
    assert TOKENS.read_challenge(TOKENS.sign_challenge(CHALLENGE)) == CHALLENGE


def test_an_access_token_is_for_its_product_only() -> None:
    assert TOKENS.read_access(TOKENS.sign_access(ACCESS), "viewer") is None


def test_the_two_kinds_are_not_taken_for_each_other() -> None:
    """RFC 8725 §3.11: a stolen challenge token must not open the door that it guards."""
    assert TOKENS.read_access(TOKENS.sign_challenge(CHALLENGE), None) is None
    assert TOKENS.read_access(TOKENS.sign_challenge(CHALLENGE), "gatepost:challenge") is None
    assert TOKENS.read_challenge(TOKENS.sign_access(ACCESS)) is Closed.UNKNOWN


@pytest.mark.parametrize("typ", ["JWT", "challenge+jwt", "AT+JWT", "", None, 1])
def test_another_type_is_no_access_token(typ: object) -> None:
    assert TOKENS.read_access(signed(headers={"typ": typ}), None) is None


def test_without_a_signature_it_is_no_token() -> None:
    assert read(jwt.encode({"sub": "x"}, "", "none")) == NOTHING
    header, body, _ = TOKENS.sign_access(ACCESS).split(".")
    for algorithm in ("none", "None", "NONE", ""):
        forged = _part({"alg": algorithm, "typ": "at+jwt", "kid": "sign-1"})
        assert read(f"{forged}.{body}.") == NOTHING
        assert read(f"{forged}.{body}.{TOKENS.sign_access(ACCESS).split('.')[2]}") == NOTHING
    assert read(f"{header}.{body}.") == NOTHING
    assert read(f"{header}.{body}") == NOTHING


def test_the_public_key_as_a_shared_secret_is_no_key() -> None:
    public = TOKENS.jwks()["keys"][0]["x"]
    raw = base64.urlsafe_b64decode(public + "=").ljust(32, b"\0")

    assert read(signed(key=raw, algorithm="HS256")) == NOTHING


def test_a_foreign_key_under_our_id_is_no_key() -> None:
    assert read(signed(key=Ed25519PrivateKey.generate())) == NOTHING


@pytest.mark.parametrize("kid", ["sign-2", "", None, 1, ["sign-1"], {"a": 1}, "../sign-1"])
def test_an_unknown_key_id_is_no_key(kid: object) -> None:
    assert read(_with_header(signed(), {"kid": kid})) == NOTHING


def test_the_id_of_another_of_our_keys_does_not_verify() -> None:
    both = tokens(now, signing_key("sign-1"), signing_key("sign-2", signs_from=now()))

    assert both.read_access(signed(headers={"kid": "sign-2"}), None) is None


def test_the_former_key_still_verifies_and_signs_no_more() -> None:
    old = TOKENS.sign_access(ACCESS)
    both = tokens(now, signing_key("sign-1"), signing_key("sign-2", signs_from=now()))

    assert both.read_access(old, "editor") == ACCESS
    assert jwt.get_unverified_header(both.sign_access(ACCESS))["kid"] == "sign-2"
    assert TOKENS.read_access(both.sign_access(ACCESS), "editor") is None
    assert [key["kid"] for key in both.jwks()["keys"]] == ["sign-2", "sign-1"]


def test_the_next_key_is_published_and_accepted_before_it_signs() -> None:
    clock = Clock(now())
    following = signing_key("sign-2", signs_from=now() + timedelta(minutes=10))
    mine, ahead = tokens(clock, signing_key("sign-1"), following), tokens(now, following)

    assert kid_of(mine.sign_access(ACCESS)) == "sign-1"
    assert [key["kid"] for key in mine.jwks()["keys"]] == ["sign-2", "sign-1"]
    assert mine.read_access(ahead.sign_access(ACCESS), "editor") == ACCESS
    clock.advance(timedelta(minutes=10))
    assert kid_of(mine.sign_access(ACCESS)) == "sign-2"


def test_the_former_key_is_accepted_for_the_longest_life_of_a_token_and_then_no_more() -> None:
    long_lived = SignedTokens(SigningKeys([signing_key("sign-1")]), ISSUER, timedelta(hours=2), timedelta(hours=2), now)
    old, clock = long_lived.sign_access(ACCESS), Clock(now())
    mine = tokens(clock, signing_key("sign-1"), signing_key("sign-2", signs_from=clock.now))
    clock.advance(LONGEST_TOKEN_LIFE + CLOCK_SKEW)
    assert mine.read_access(old, "editor") == ACCESS
    assert len(mine.jwks()["keys"]) == 2
    clock.advance(timedelta(seconds=1))

    assert read(old, mine) == NOTHING
    assert [key["kid"] for key in mine.jwks()["keys"]] == ["sign-2"]


def test_a_withdrawn_key_is_refused_at_once_by_readers_that_had_accepted_it() -> None:
    keys = SigningKeys([signing_key("sign-1")])
    mine = SignedTokens(keys, ISSUER, timedelta(minutes=15), timedelta(minutes=5), now)
    token = mine.sign_access(ACCESS)
    assert mine.read_access(token, "editor") == ACCESS
    keys.replace([signing_key("sign-1", withdrawn_at=now()), signing_key("sign-2", signs_from=now())])

    assert read(token, mine) == NOTHING
    assert kid_of(mine.sign_access(ACCESS)) == "sign-2"
    assert [key["kid"] for key in mine.jwks()["keys"]] == ["sign-2"]


@pytest.mark.parametrize(
    "call",
    [
        lambda mine: mine.sign_access(ACCESS),
        lambda mine: mine.sign_challenge(CHALLENGE),
        lambda mine: mine.read_access(TOKENS.sign_access(ACCESS), None),
        lambda mine: mine.read_challenge(TOKENS.sign_challenge(CHALLENGE)),
        lambda mine: mine.jwks(),
    ],
)
def test_while_no_keys_are_known_nothing_is_said_about_any_token(call: Callable[[SignedTokens], object]) -> None:
    """To call a good token a bad one would sign people out; an empty key set would be kept by gateways."""
    with pytest.raises(DependencyUnavailable):
        call(SignedTokens(SigningKeys(), ISSUER, timedelta(minutes=15), timedelta(minutes=5), now))


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_the_key_set_holds_public_parts_only() -> None:
    (key,) = TOKENS.jwks()["keys"]

    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 1},
        {"exp": "never"},
        {"exp": None},
        {"nbf": int(time.time()) + 86_400},
        {"iss": "https://evil.example"},
        {"sub": "not-an-id"},
        {"sub": 1},
        {"amr": 5},
        {"auth_time": "noon"},
        {"auth_time": 1e300},
        {"aud": None},
    ],
    ids=list,
)
def test_claims_that_do_not_hold_make_no_access(claims: dict[str, Any]) -> None:
    assert TOKENS.read_access(signed(claims), "editor") is None


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "iat", "exp", "auth_time", "amr", "acr"])
def test_a_claim_that_is_missing_makes_no_access(claim: str) -> None:
    assert TOKENS.read_access(signed(without=claim), None) is None


@pytest.mark.parametrize(
    "changed", [{"reason": "of-a-later-release"}, {"jti": "no-id"}, {"region": None}, {"exp": 1e300}]
)
def test_a_challenge_of_another_release_is_unknown_and_not_an_error(changed: dict[str, Any]) -> None:
    claims = jwt.decode(TOKENS.sign_challenge(CHALLENGE), options={"verify_signature": False}) | changed
    if claims["region"] is None:
        del claims["region"]

    assert TOKENS.read_challenge(signed(claims, {"typ": "challenge+jwt"})) is Closed.UNKNOWN


def test_an_expired_challenge_says_so() -> None:
    over = challenge(issued_at=now() - timedelta(minutes=11), expires_at=now() - timedelta(minutes=1))

    assert TOKENS.read_challenge(TOKENS.sign_challenge(over)) is Closed.EXPIRED


def test_a_token_from_an_instance_whose_clock_is_ahead_holds() -> None:
    """Two instances never agree to the millisecond; a login must not fail because the next call meets the other."""
    ahead = tokens(lambda: now() + timedelta(seconds=3))
    early = challenge(issued_at=now() + timedelta(seconds=3), expires_at=now() + timedelta(minutes=10))

    assert TOKENS.read_access(ahead.sign_access(ACCESS), "editor") == ACCESS
    assert TOKENS.read_challenge(ahead.sign_challenge(early)) == early


def test_a_token_of_another_installation_is_nothing() -> None:
    assert read(tokens(now, issuer="https://other.example").sign_access(ACCESS)) == NOTHING
    assert read(tokens(now, issuer="https://other.example").sign_challenge(CHALLENGE)) == NOTHING


def test_an_oversized_token_is_not_even_parsed() -> None:
    assert read("a" * (MAX_TOKEN_CHARS + 1)) == NOTHING
    assert read(signed({"more": "a" * MAX_TOKEN_CHARS})) == NOTHING


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read(text) == NOTHING
    assert read(f"{text}.{text}.{text}") == NOTHING


@pytest.mark.parametrize("sign", [lambda: TOKENS.sign_access(ACCESS), lambda: TOKENS.sign_challenge(CHALLENGE)])
@given(data=st.data())
def test_a_token_with_any_character_changed_is_refused(sign: Callable[[], str], data: st.DataObject) -> None:
    token = sign()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= "))
    changed = token[:place] + other + token[place + 1 :]
    if changed != token and _decoded(changed) != _decoded(token):
        assert read(changed) == NOTHING


@given(st.integers(0, 600))
def test_a_shortened_token_is_refused(length: int) -> None:
    token = TOKENS.sign_access(ACCESS)

    assert read(token[: min(length, len(token) - 1)]) == NOTHING


def _part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def _with_header(token: str, more: dict[str, Any]) -> str:
    header, rest = token.split(".", 1)
    read_header = json.loads(base64.urlsafe_b64decode(header + "=="))
    return f"{_part(read_header | more)}.{rest}"


def _decoded(token: str) -> list[bytes] | None:
    """Base64 has several spellings for the same bytes (unused last bits); they are the same token."""
    try:
        return [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]
    except ValueError:
        return None
