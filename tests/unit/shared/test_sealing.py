"""Sealed boxes: opened by the notifier's key, in the place they were made for, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PublicKey, SealedBox

from shared.keyring import encode
from shared.sealing import Sealer, Unsealable, Unsealer
from tests.unit.shared.samples import private_ring, public_ring

OLD, NEW, STRANGER = private_ring("old"), private_ring("new", "old"), private_ring("stranger")
CONTEXT = "code:6d3c5b6e"


def seal(text: str = "402817", context: str = CONTEXT) -> str:
    return Sealer(public_ring(OLD)).seal(text, context)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_was_sealed_opens_in_its_place(text: str) -> None:
    assert Unsealer(OLD).unseal(seal(text), CONTEXT) == text


def test_the_same_code_is_never_sealed_alike_twice() -> None:
    assert len({seal() for _ in range(20)}) == 20


def test_a_reader_with_the_new_key_in_front_still_opens_what_was_sealed_to_the_old_one() -> None:
    assert Unsealer(NEW).unseal(seal(), CONTEXT) == "402817"


def test_after_rotation_the_new_key_is_used() -> None:
    assert Sealer(public_ring(NEW)).seal("402817", CONTEXT).startswith("new.")


def test_a_key_that_we_do_not_hold_does_not_open() -> None:
    with pytest.raises(Unsealable):
        Unsealer(STRANGER).unseal(seal(), CONTEXT)


def test_another_key_under_the_same_id_does_not_open() -> None:
    renamed = seal().replace("old.", "stranger.", 1)

    with pytest.raises(Unsealable):
        Unsealer(STRANGER).unseal(renamed, CONTEXT)


@pytest.mark.parametrize("context", ["code:another", "address:6d3c5b6e", "", "code:6d3c5b6e2", "code:6d3c5b6"])
def test_a_box_copied_to_another_place_does_not_open(context: str) -> None:
    with pytest.raises(Unsealable):
        Unsealer(OLD).unseal(seal(), context)


@given(st.integers(0, 200))
def test_a_truncated_box_does_not_open(length: int) -> None:
    sealed = seal()

    with pytest.raises(Unsealable):
        Unsealer(OLD).unseal(sealed[: min(length, len(sealed) - 1)], CONTEXT)


@given(st.text(max_size=100))
def test_text_that_is_no_box_does_not_open(text: str) -> None:
    for sealed in (text, f"old.{text}"):
        with pytest.raises(Unsealable):
            Unsealer(OLD).unseal(sealed, CONTEXT)


def test_a_box_whose_content_is_no_text_does_not_open() -> None:
    """Anybody can seal anything to a public key; a retry would not make it text."""
    box = SealedBox(PublicKey(public_ring(OLD).current.secret)).encrypt(CONTEXT.encode() + b"\x00\xff\xfe")

    with pytest.raises(Unsealable):
        Unsealer(OLD).unseal(f"old.{encode(box)}", CONTEXT)


def test_the_refusal_does_not_tell_the_content() -> None:
    with pytest.raises(Unsealable) as caught:
        Unsealer(OLD).unseal(seal(), "code:another")

    assert "402817" not in str(caught.value)
