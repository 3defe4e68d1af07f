"""Recovery codes, before they are stored."""

import re
import secrets
from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.recovery_code import RecoveryCodeHashes, fresh_recovery_codes, normalised_recovery_code
from tests.unit.auth.samples import ACCOUNT_ID, signing_ring

CODE = "7MZK-0Q2R-1X9A-BCDE"
HASHES = RecoveryCodeHashes(signing_ring("store-1"))


def test_they_are_ten_of_sixteen_symbols_each_from_80_bits() -> None:
    asked = []

    def random_bytes(count: int) -> bytes:
        asked.append(count)
        return secrets.token_bytes(count)

    codes = fresh_recovery_codes(random_bytes)

    assert asked == [10] * 10
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in codes)


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_other_bits_are_another_code(one: bytes, other: bytes) -> None:
    def code_of(bits: bytes) -> str:
        return fresh_recovery_codes(lambda _: bits)[0]

    assert (code_of(one) == code_of(other)) == (one == other)
    assert normalised_recovery_code(code_of(one)) == code_of(one).replace("-", "")


@pytest.mark.parametrize(
    "typed",
    ["7MZK-0Q2R-1X9A-BCDE", "7mzk0q2r1x9abcde", " 7MZK 0Q2R 1X9A BCDE ", "7mzk-oq2r-ix9a-bcde", "7MZKOQ2RLX9ABCDE",
     "7-M-Z-K-0-Q-2-R-l-X-9-A-B-C-D-E"],
)  # fmt: skip
def test_it_may_be_typed_as_it_is_read(typed: str) -> None:
    assert normalised_recovery_code(typed) == "7MZK0Q2R1X9ABCDE"


@pytest.mark.parametrize(
    "typed",
    ["", "123456", "7MZK-0Q2R-1X9A-BCD", "7MZK-0Q2R-1X9A-BCDEF", "7MZK-0Q2R-1X9A-BCDU", "7MZK-0Q2R-ıX9A-BCDE",
     "7MZK_0Q2R_1X9A_BCDE", "7MZK\n0Q2R1X9ABCDE", "７MZK0Q2R1X9ABCDE", "7MZK–0Q2R–1X9A–BCDE", "\x007MZK0Q2R1X9ABCD"],
)  # fmt: skip
def test_what_is_no_recovery_code_is_none(typed: str) -> None:
    assert normalised_recovery_code(typed) is None


@given(st.text(max_size=40))
def test_no_text_is_taken_for_more_than_it_is(text: str) -> None:
    symbols = normalised_recovery_code(text)

    assert symbols is None or (len(symbols) == 16 and normalised_recovery_code(symbols) == symbols)


def test_what_is_stored_belongs_to_code_account_and_key() -> None:
    stored = HASHES.stored(ACCOUNT_ID, CODE)
    others: Iterator[bytes] = iter(
        [
            HASHES.stored(ACCOUNT_ID, "7MZK-0Q2R-1X9A-BCDF"),
            HASHES.stored(UUID(int=1), CODE),
            RecoveryCodeHashes(signing_ring("store-2")).stored(ACCOUNT_ID, CODE),
        ]
    )

    assert len(stored) == 32
    assert b"7MZK" not in stored
    assert stored == HASHES.stored(ACCOUNT_ID, "7mzk oq2r ix9a bcde")
    assert stored not in others


def test_a_new_key_in_front_still_knows_what_the_old_one_stored() -> None:
    stored = HASHES.stored(ACCOUNT_ID, CODE)
    rotated = RecoveryCodeHashes(signing_ring("store-2", "store-1"))

    assert stored in list(rotated.possible(ACCOUNT_ID, CODE))
    assert rotated.stored(ACCOUNT_ID, CODE) != stored


def test_what_is_no_code_is_never_hashed() -> None:
    with pytest.raises(ValueError, match="not a recovery code"):
        HASHES.stored(ACCOUNT_ID, "123456")
