"""A signature is looked at once; whether the token holds is asked at every use."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.auth.adapters.signed_tokens import SignedTokens
from services.auth.domain.access import Access
from services.auth.domain.factor import Method, proof_of
from services.auth.domain.remembered_tokens import RememberedTokens, SignedAccess
from services.auth.domain.signing_keys import CLOCK_SKEW, LONGEST_TOKEN_LIFE, SigningKeys
from shared.unavailable import DependencyUnavailable
from tests.clock import Clock
from tests.unit.auth.samples import ACCOUNT_ID, ISSUER, signing_key

PROOF = proof_of(Method.EMAIL_OTP)
LIFE = timedelta(minutes=15)


class Reader:
    """A reader whose clock and keys the test holds; it has read `token` once."""

    def __init__(self, life: timedelta = LIFE) -> None:
        self.clock = Clock(datetime.now(UTC).replace(microsecond=0))
        self.keys = SigningKeys([signing_key("sign-1")])
        self.tokens = SignedTokens(self.keys, ISSUER, life, timedelta(minutes=5), self.clock)
        self.access = Access(ACCOUNT_ID, "editor", self.clock.now, PROOF.amr, PROOF.acr, ("account",), uuid4())
        self.token = self.tokens.sign_access(self.access)
        assert self.tokens.read_access(self.token, "editor") == self.access

    def read(self, audience: str | None = None) -> Access | None:
        return self.tokens.read_access(self.token, audience)


def entry(number: int = 0) -> SignedAccess:
    now = datetime.now(UTC)
    return SignedAccess(Access(ACCOUNT_ID, f"product-{number}", now, PROOF.amr, PROOF.acr), "sign-1", now)


def test_a_remembered_token_is_refused_the_moment_it_expires() -> None:
    reader = Reader()
    reader.clock.advance(LIFE - timedelta(seconds=1))
    assert reader.read() == reader.access
    reader.clock.advance(timedelta(seconds=1))

    assert reader.read() is None


def test_a_remembered_token_is_refused_at_once_when_its_key_is_withdrawn() -> None:
    reader = Reader()
    withdrawn = signing_key("sign-1", withdrawn_at=reader.clock.now)
    reader.keys.replace([withdrawn, signing_key("sign-2", signs_from=reader.clock.now)])

    assert reader.read() is None


def test_a_remembered_token_is_refused_when_its_key_has_been_followed_for_long_enough() -> None:
    reader = Reader(timedelta(hours=2))
    reader.keys.replace([signing_key("sign-1"), signing_key("sign-2", signs_from=reader.clock.now)])
    reader.clock.advance(LONGEST_TOKEN_LIFE + CLOCK_SKEW)
    assert reader.read() == reader.access
    reader.clock.advance(timedelta(seconds=1))

    assert reader.read() is None


def test_while_no_keys_are_known_nothing_is_said_about_a_remembered_token() -> None:
    reader = Reader()
    reader.keys.replace([])

    with pytest.raises(DependencyUnavailable):
        reader.read()


def test_a_remembered_token_is_for_its_product_only() -> None:
    reader = Reader()

    assert reader.read("viewer") is None
    assert reader.read("editor") == reader.access


def test_a_token_that_differs_from_a_remembered_one_in_any_byte_is_refused() -> None:
    reader = Reader()
    raw = reader.token.split(".")
    for part, text in enumerate(raw):
        content = base64.urlsafe_b64decode(text + "==")
        for place in range(len(content)):
            changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            forged = [*raw]
            forged[part] = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
            assert reader.tokens.read_access(".".join(forged), None) is None


def test_a_remembered_access_token_is_no_challenge_token() -> None:
    reader = Reader()

    assert not hasattr(reader.tokens.read_challenge(reader.token), "account_id")


def test_a_refusal_is_not_remembered() -> None:
    reader = Reader()
    other = SignedTokens(SigningKeys([signing_key("sign-2")]), ISSUER, LIFE, LIFE, reader.clock)
    token = other.sign_access(reader.access)
    assert reader.tokens.read_access(token, None) is None
    reader.keys.replace([signing_key("sign-1"), signing_key("sign-2")])

    assert reader.tokens.read_access(token, None) == reader.access


def test_the_oldest_makes_room_for_the_newest() -> None:
    remembered = RememberedTokens(most=3)
    for number in range(5):
        remembered.add(f"token-{number}", entry(number))

    assert len(remembered) == 3
    assert [number for number in range(5) if remembered.get(f"token-{number}")] == [2, 3, 4]


def test_a_token_is_found_by_the_whole_of_its_text() -> None:
    remembered = RememberedTokens()
    remembered.add("abc", entry())

    assert remembered.get("abc") is not None
    assert [remembered.get(text) for text in ("abd", "ab", "abcd", "ABC", "abc ", "")] == [None] * 6
