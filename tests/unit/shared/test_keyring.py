"""Named keys: the first writes, all read, and no message ever shows one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keyring import Key, Keyring, decode, encode

ZERO, ONE = encode(bytes(32)), encode(b"\x01" * 32)


def test_the_first_key_is_current_and_all_can_be_found() -> None:
    ring = Keyring.parse(f"k2:{ONE},k1:{ZERO}")

    assert ring.current == Key("k2", b"\x01" * 32)
    assert ring.get("k1") == Key("k1", bytes(32))
    assert ring.get("k3") is None
    assert [key.id for key in ring] == ["k2", "k1"]
    assert len(ring) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        f"k1:{ZERO},",
        f":{ZERO}",
        f"k 1:{ZERO}",
        f"kéy:{ZERO}",
        f"{'k' * 33}:{ZERO}",
        f"k1:{ZERO},k1:{ONE}",
        f"k1:{ZERO}=",
        f"k1:{ZERO[:-1]}",
        f"k1:{ZERO[:-1]}B",  # the last bits are not zero: another spelling of the same key
        f"k1:{encode(bytes(31))}",
        f"k1:{encode(bytes(33))}",
        f"k1:{'€' * 43}",
        "k1",
    ],
)
def test_a_keyring_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Keyring.parse(text)


def test_the_error_names_the_place_and_not_the_key() -> None:
    short = encode(b"secret-key-material-that-is-too")

    with pytest.raises(ValueError) as caught:
        Keyring.parse(f"k1:{ZERO},k2:{short}")

    assert "key 2" in str(caught.value)
    assert short not in str(caught.value)


def test_a_key_does_not_show_its_secret() -> None:
    assert "secret-key" not in repr(Keyring.parse(f"k1:{encode(b'secret-key'.ljust(32))}").current)


@given(st.binary(max_size=64))
def test_base64url_there_and_back(data: bytes) -> None:
    text = encode(data)

    assert decode(text) == data
    assert "=" not in text


@given(st.text(max_size=50))
def test_text_has_one_reading_or_none(text: str) -> None:
    try:
        data = decode(text)
    except ValueError:
        return
    assert encode(data) == text
