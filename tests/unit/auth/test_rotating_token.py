"""Opaque tokens that change at every use."""

import hashlib
import secrets
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.rotating_token import Family, OpaqueToken, Use
from tests.fakes import NOW

GRACE = timedelta(seconds=30)
TOKEN = OpaqueToken(b"f" * 16, b"s" * 32)
NEXT = TOKEN.successor(b"n" * 32)
ROTATED = Family(NEXT.secret_hash, TOKEN.secret_hash, b"n" * 32, NOW)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_a_token_survives_its_text(finder: bytes, secret: bytes) -> None:
    token = OpaqueToken(finder, secret)

    assert OpaqueToken.parse(token.text("gpr_"), "gpr_") == token


@pytest.mark.parametrize(
    "text", ["", "gpr_", TOKEN.text("gpd_"), TOKEN.text("gpr_")[:-1], TOKEN.text("gpr_") + "A", "gpr_" + "é" * 64]
)
def test_what_is_no_token_of_this_kind_is_none(text: str) -> None:
    assert OpaqueToken.parse(text, "gpr_") is None


def test_a_fresh_token_is_384_random_bits() -> None:
    first, second = OpaqueToken.fresh(secrets.token_bytes), OpaqueToken.fresh(secrets.token_bytes)

    assert (len(first.finder), len(first.secret)) == (16, 32)
    assert first.finder != second.finder
    assert first.secret != second.secret


def test_what_is_stored_finds_and_checks_a_token_without_holding_it() -> None:
    assert TOKEN.finder_hash == hashlib.sha256(TOKEN.finder).digest()
    assert TOKEN.secret_hash == hashlib.sha256(TOKEN.secret).digest()
    assert "f" * 16 not in repr(TOKEN)
    assert "s" * 32 not in repr(TOKEN)


def test_the_successor_needs_the_token_and_the_nonce() -> None:
    other = OpaqueToken(TOKEN.finder, b"t" * 32)

    assert len({TOKEN.secret, NEXT.secret, TOKEN.successor(b"m" * 32).secret, other.successor(b"n" * 32).secret}) == 4
    assert NEXT.finder == TOKEN.finder


@pytest.mark.parametrize(
    ("token", "after", "use"),
    [
        (NEXT, timedelta(0), Use.CURRENT),
        (NEXT, timedelta(days=9), Use.CURRENT),
        (TOKEN, timedelta(0), Use.AGAIN),
        (TOKEN, GRACE, Use.AGAIN),
        (TOKEN, GRACE + timedelta(microseconds=1), Use.REPLAYED),
        (OpaqueToken(TOKEN.finder, b"x" * 32), timedelta(0), Use.REPLAYED),
    ],
    ids=str,
)
def test_each_use(token: OpaqueToken, after: timedelta, use: Use) -> None:
    assert ROTATED.use(token, NOW + after, GRACE) is use


def test_before_its_first_use_a_family_has_no_past() -> None:
    family = Family(TOKEN.secret_hash)

    assert family.use(TOKEN, NOW, GRACE) is Use.CURRENT
    assert family.use(NEXT, NOW, GRACE) is Use.REPLAYED
