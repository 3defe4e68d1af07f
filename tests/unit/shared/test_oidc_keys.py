"""Which keys of an issuer's set count, and for what."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from shared.oidc_keys import fitting, keys_in
from tests.oidc_issuer import IssuerKey

GOOD = IssuerKey("good").jwk
RSA = IssuerKey("rsa", "RS256").jwk
WEAK = IssuerKey("weak", "RS256", rsa.generate_private_key(65537, 1024)).jwk
P384: dict[str, Any] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)

PRIVATE: dict[str, Any] = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True) | {
    "key_ops": ["verify"]
}


@pytest.mark.parametrize(
    "other",
    [
        WEAK,
        P384 | {"kid": "p384"},
        RSA | {"use": "enc"},
        RSA | {"alg": "RSA-OAEP-256"},
        RSA | {"alg": "RS512"},
        RSA | {"key_ops": ["encrypt"]},
        RSA | {"key_ops": 7},
        PRIVATE,
        RSA | {"kid": ["rsa"]},
        RSA | {"kty": ["RSA"]},
        RSA | {"n": "!"},
        {"kty": "RSA", "kid": "rsa"},
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "later", "pub": "AA"},
        GOOD | {"kid": "off the curve", "x": GOOD["y"], "y": GOOD["x"]},
        {},
        7,
        None,
    ],
)
def test_a_key_that_we_cannot_use_does_not_keep_the_others_from_it(other: Any) -> None:
    assert [key.kid for key in keys_in({"keys": [other, GOOD]})] == ["good"]
    with pytest.raises(ValueError, match="without a key"):
        keys_in({"keys": [other]})


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"keys": []}])
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="without a key"):
        keys_in(document)


def test_a_key_serves_the_algorithm_that_it_names_or_all_of_its_kind() -> None:
    assert keys_in({"keys": [RSA]})[0].algorithms == ("RS256", "PS256")
    assert keys_in({"keys": [RSA | {"alg": "PS256"}]})[0].algorithms == ("PS256",)


def test_one_id_for_two_keys_of_a_kind_is_of_neither() -> None:
    twice = keys_in({"keys": [GOOD, IssuerKey("good").jwk, RSA | {"kid": "good"}]})
    assert fitting(twice, "good", "ES256") is None
    assert fitting(twice, "good", "RS256") is twice[2]
