"""An address as operators see it."""

import pytest

from services.auth.domain.masked_address import masked


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("kim@customer.example", "k***@customer.example"),
        ("k@customer.example", "k***@customer.example"),
        ("a.very.long.name@customer.example", "a***@customer.example"),
        ("zoë@customer.example", "z***@customer.example"),
    ],
)
def test_of_the_name_only_the_first_letter_is_shown(address: str, shown: str) -> None:
    assert masked(address) == shown
