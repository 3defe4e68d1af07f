"""What a service is told to be let in to Redis, and what it refuses to start with."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from services.auth.settings import AuthSettings
from services.notifier.settings import NotifierSettings
from services.otp.settings import OtpSettings
from shared.redis_access import RedisAccess, TlsFiles
from shared.redis_settings import RedisSettings
from shared.settings import read
from tests.certificates import Authority

TLS, SENTINELS = "rediss://one", "redis+sentinel://one/main"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def told(url: str, **given: Any) -> RedisSettings:
    return RedisSettings(redis_url=SecretStr(url), **given)


def test_without_more_than_a_url_the_authorities_of_the_system_are_trusted() -> None:
    assert told(TLS).redis_access == RedisAccess()


@pytest.mark.parametrize("url", ["rediss://one", "rediss+sentinel://one/main", "rediss+cluster://one"])
def test_files_are_for_tls_of_any_kind(authority: Authority, url: str) -> None:
    files = authority.sign()
    access = told(url, redis_ca_file=files.ca, redis_cert_file=files.cert, redis_key_file=files.key).redis_access

    assert access.tls == files
    context = access.tls.context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1  # that one alone, not the system's


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n"])
def test_authorities_that_cannot_be_read_end_the_start_with_the_name_of_setting_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SystemExit):
        read(RedisSettings, redis_url=SecretStr("rediss://:canary@one"), redis_ca_file=file)

    said = capsys.readouterr().err
    assert f"setting GATEPOST_REDIS_CA_FILE: Value error, {file}: no certificates can be read there" in said
    assert "canary" not in said


def test_a_certificate_needs_its_key_and_no_passphrase(authority: Authority, tmp_path: Path) -> None:
    files, other = authority.sign("127.0.0.1"), authority.sign("127.0.0.2")
    assert files.key is not None
    key = load_pem_private_key(files.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"canary")))
    for wrong in (locked, other.key, tmp_path / "nowhere.key", files.cert):
        with pytest.raises(ValueError, match="no certificate and key without a passphrase can be read"):
            told(TLS, redis_cert_file=files.cert, redis_key_file=wrong)

    for half in ({"redis_cert_file": files.cert}, {"redis_key_file": files.key}):
        with pytest.raises(ValueError, match="go together"):
            told(TLS, **half)


def test_what_would_be_told_in_vain_is_refused(authority: Authority) -> None:
    """Somebody believes that it is used."""
    with pytest.raises(ValueError, match="with rediss"):
        told("redis://one", redis_ca_file=authority.file)
    for given in ({"redis_sentinel_password": SecretStr("canary")}, {"redis_sentinel_username": "gatepost"}):
        for url in (TLS, "redis+cluster://one"):
            with pytest.raises(ValueError, match="are for redis\\+sentinel") as caught:
                told(url, **given)
            assert "canary" not in str(caught.value)


def test_nothing_shows_the_password_of_the_sentinels() -> None:
    settings = told(SENTINELS, redis_sentinel_username="gatepost", redis_sentinel_password=SecretStr("canary"))

    assert settings.redis_access == RedisAccess(TlsFiles(), "gatepost", "canary")
    assert "canary" not in f"{settings!r} {settings.redis_access!r}"


def test_every_service_that_uses_redis_can_be_told() -> None:
    assert all(issubclass(each, RedisSettings) for each in (AuthSettings, OtpSettings, NotifierSettings))
