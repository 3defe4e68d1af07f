"""Which hashes an import takes: well-formed, of a scheme we verify, and no login pays more than about a second."""

import pytest
from passlib.hash import bcrypt, django_pbkdf2_sha256, pbkdf2_sha256, pbkdf2_sha512, scrypt

from services.auth.domain.password_hash import bearable

SALT = "c29tZSBzYWx0IHRoZXJl"
SHA256 = "A" * 43
SHA512 = "A" * 86
BCRYPT = "abcdefghijklmnopqrstuu" + "A" * 30 + "C"

GOOD = [
    f"$argon2id$v=19$m=19456,t=2,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=102400,t=2,p=8${SALT}${SHA256}",  # Django's default
    f"$argon2id$v=19$m=131072,t=8,p=4${SALT}${SHA256}",
    f"$2a$10${BCRYPT}",
    f"$2b$12${BCRYPT}",
    f"$2y$14${BCRYPT}",
    f"$scrypt$ln=14,r=8,p=5${SALT}${SHA256}",
    f"$scrypt$ln=17,r=8,p=1${SALT}${SHA256}",  # OWASP's first choice
    f"$pbkdf2-sha256$600000${SALT}${SHA256}",
    f"$pbkdf2-sha256$29000${'./' * 10}${SHA256}",
    f"$pbkdf2-sha512$2000000${SALT}${SHA512}",
    f"pbkdf2_sha256$1200000$saltyPretzel${SHA256}=",
]
TOO_COSTLY = [
    f"$argon2id$v=19$m=131073,t=1,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=131072,t=9,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=4194304,t=1,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=8,t=99999999,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=19456,t=2,p=17${SALT}${SHA256}",
    f"$2b$15${BCRYPT}",
    f"$2b$31${BCRYPT}",
    f"$scrypt$ln=18,r=8,p=1${SALT}${SHA256}",
    f"$scrypt$ln=17,r=8,p=2${SALT}${SHA256}",
    f"$scrypt$ln=99,r=9999,p=9999${SALT}${SHA256}",
    f"$pbkdf2-sha256$2000001${SALT}${SHA256}",
    f"pbkdf2_sha256$99999999$saltyPretzel${SHA256}=",
]
MALFORMED = [
    "",
    "plain",
    "5f4dcc3b5aa765d61d8327deb882cf99",  # MD5
    "$1$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    f"$argon2i$v=19$m=19456,t=2,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=19456,t=2,p=1${SALT}",
    f"$argon2id$v=19$m=7,t=2,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=19456,t=0,p=1${SALT}${SHA256}",
    f"$argon2id$v=19$m=19456,t=2,p=0${SALT}${SHA256}",
    f"$argon2id$v=19$m=19456,t=2,p=1${SALT}${SHA256[:-1]}B",  # bits that belong to no byte
    f"$argon2id$v=19$m=19456,t=2,p=1${SALT}${SHA256}\n",
    f"$argon2id$v=19$m=１９,t=2,p=1${SALT}${SHA256}",
    f"$2b$03${BCRYPT}",
    f"$2b$12${BCRYPT[:-1]}",
    f"$2b$12${'abcdefghijklmnopqrstuv'}{'A' * 30}C",  # bits that belong to no byte
    f"$2x$12${BCRYPT}",
    f"$scrypt$ln=16,r=1,p=1${SALT}${SHA256}",  # N must be below 2^16 where r is 1
    f"$scrypt$ln=0,r=8,p=1${SALT}${SHA256}",
    f"$scrypt$ln=14,r=8,p=0${SALT}${SHA256}",
    f"$pbkdf2-sha256$0${SALT}${SHA256}",
    f"$pbkdf2-sha256$600000${SALT}${SHA512}",
    f"$pbkdf2-sha512$600000${SALT}${SHA256}",
    f"$pbkdf2-sha1$600000${SALT}${SHA256}",
    f"pbkdf2_sha256$600000$a-b${SHA256}=",
    f"pbkdf2_sha256$600000$salt${SHA256}",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_can_be_verified_at_a_bearable_cost_is_taken(text: str) -> None:
    assert bearable(text)


@pytest.mark.parametrize("text", TOO_COSTLY)
def test_what_would_hold_a_worker_for_long_is_refused(text: str) -> None:
    assert not bearable(text)


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_hash_that_we_verify_is_refused(text: str) -> None:
    assert not bearable(text)


@pytest.mark.parametrize("scheme", [bcrypt, scrypt, pbkdf2_sha256, pbkdf2_sha512, django_pbkdf2_sha256])
def test_whatever_the_library_makes_is_taken(scheme: object) -> None:
    cheap = scheme.using(rounds=4)  # type: ignore[attr-defined]
    for number in range(20):
        assert bearable(cheap.hash(f"password {number}"))
