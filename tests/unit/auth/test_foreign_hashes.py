"""Passwords that another system hashed; the hashes here are made without the library that verifies them."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator

import bcrypt
import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.domain.password_hash import bearable
from services.auth.settings import PasswordSettings

SALT = b"0123456789abcdef"
Scheme = Callable[[str], str]


def base64(content: bytes) -> str:
    return b64encode(content).decode().rstrip("=")


def modular(content: bytes) -> str:
    return base64(content).replace("+", ".")


def bcrypt_as(prefix: str) -> Scheme:
    """The three spellings say which program made it; the algorithm is one."""
    return lambda password: bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", prefix)


def scrypt(password: str) -> str:
    digest = hashlib.scrypt(password.encode(), salt=SALT, n=16, r=8, p=1, dklen=32)
    return f"$scrypt$ln=4,r=8,p=1${base64(SALT)}${base64(digest)}"


def pbkdf2(name: str) -> Scheme:
    def made(password: str) -> str:
        digest = hashlib.pbkdf2_hmac(name, password.encode(), SALT, 10)
        return f"$pbkdf2-{name}$10${modular(SALT)}${modular(digest)}"

    return made


def django(password: str) -> str:
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, 10)
    return f"pbkdf2_sha256$10${SALT.decode()}${b64encode(digest).decode()}"


def argon2id_of_django(password: str) -> str:
    return PasswordHasher(time_cost=2, memory_cost=128, parallelism=8).hash(password)


SCHEMES: dict[str, Scheme] = {
    "2a": bcrypt_as("$2a$"),
    "2b": bcrypt_as("$2b$"),
    "2y": bcrypt_as("$2y$"),
    "scrypt": scrypt,
    "sha256": pbkdf2("sha256"),
    "sha512": pbkdf2("sha512"),
    "django": django,
    "argon2id": argon2id_of_django,
}


@pytest.fixture(scope="module")
def passwords() -> Iterator[PasswordHashes]:
    made = PasswordHashes(PasswordSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_workers=1))
    yield made
    made.close()


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("password", ["right", "pässwörd", "🔑 " * 8])
async def test_the_right_password_matches_and_no_other(
    passwords: PasswordHashes, scheme: Scheme, password: str
) -> None:
    stored = scheme(password)

    assert bearable(stored)
    with capture_logs() as logs:
        assert await passwords.verify(stored, password)
        for wrong in (password + "x", password[1:], "", "\0" + password):
            assert not await passwords.verify(stored, wrong)
    assert logs == []


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
async def test_it_is_to_be_hashed_anew(passwords: PasswordHashes, scheme: Scheme) -> None:
    assert passwords.needs_rehash(scheme("right"))


async def test_what_we_hashed_is_not_to_be_hashed_anew_until_the_settings_change(passwords: PasswordHashes) -> None:
    stored = await passwords.hash("right")
    costlier = PasswordHashes(PasswordSettings(argon2_memory_kib=128, argon2_time_cost=1, argon2_workers=1))

    assert not passwords.needs_rehash(stored)
    assert costlier.needs_rehash(stored)
    costlier.close()


async def test_bcrypt_knows_no_password_with_a_nul(passwords: PasswordHashes) -> None:
    stored = bcrypt_as("$2b$")("right")

    for wrong in ("right\0", "\0right", "ri\0ght", "right\0wrong"):
        assert not await passwords.verify(stored, wrong)


async def test_bcrypt_never_saw_what_came_after_72_bytes(passwords: PasswordHashes) -> None:
    stored = bcrypt_as("$2b$")("é" * 36)

    assert await passwords.verify(stored, "é" * 36 + "anything")
    assert not await passwords.verify(stored, "é" * 35)
