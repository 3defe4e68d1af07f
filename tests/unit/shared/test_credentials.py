"""Bearer credentials: digests at rest, all of them compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials import Caller, CredentialBook, digest

SECRET, ROTATED = "s3cret-of-auth", "next-secret-of-auth"
BOOK = CredentialBook.parse(f"auth:auth:{digest(SECRET)}, auth:auth:{digest(ROTATED)},kim@ops:viewer:{digest('k')}")


@pytest.mark.parametrize("header", [f"Bearer {SECRET}", f"bearer {SECRET}", f"BEARER  {SECRET} ", f"Bearer {ROTATED}"])
async def test_a_known_secret_names_its_caller(header: str) -> None:
    assert await BOOK.find(header) == Caller("auth", frozenset({"auth"}))


async def test_names_may_be_addresses() -> None:
    assert await BOOK.find("Bearer k") == Caller("kim@ops", frozenset({"viewer"}))


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", SECRET, f"Basic {SECRET}", f"Bearer {digest(SECRET)}", f"Bearer {SECRET}x"],
)
async def test_anything_else_names_nobody(header: str | None) -> None:
    assert await BOOK.find(header) is None


@given(st.text(max_size=80))
async def test_no_text_breaks_the_search(text: str) -> None:
    assert await BOOK.find(text) is None
    assert text.strip() == "k" or await BOOK.find(f"Bearer {text}") is None


@pytest.mark.parametrize(
    "text",
    ["", "auth", "auth:auth", f"auth:auth:{digest('a').upper()}", f"auth:Auth:{digest('a')}", f"a b:auth:{digest('a')}",
     f"auth:auth:{digest('a')},", f"auth:auth:{digest('a')[1:]}", f"é:auth:{digest('a')}"],
)  # fmt: skip
def test_a_credential_that_is_not_one_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"^credential \d+: expected name:role:<sha256 hex>$"):
        CredentialBook.parse(text)


def test_nobody_at_all_is_refused() -> None:
    with pytest.raises(ValueError):
        CredentialBook([])
