"""What a service is told from outside: secrets without defaults, and errors without values."""

import pytest
from pydantic import Field, SecretStr

from shared.credentials import digest
from shared.keyring import encode
from shared.settings import CredentialsText, KeyringText, ServiceSettings, read

RING = f"k1:{encode(bytes(32))}"
CALLERS = f"auth:auth:{digest('secret')}"


class Settings(ServiceSettings):
    peppers: KeyringText
    callers: CredentialsText
    limit: int = Field(5, le=10)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {"PORT": "8002", "KAFKA": "127.0.0.1:9092", "PEPPERS": RING, "CALLERS": CALLERS}.items():
        monkeypatch.setenv(f"GATEPOST_{name}", value)
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    settings = read(Settings)

    assert (settings.port, settings.host, settings.kafka) == (8002, "127.0.0.1", "127.0.0.1:9092")
    assert settings.peppers == SecretStr(RING)


def test_variables_of_others_do_not_matter(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GATEPOST_SOMETHING_ELSE", "x")

    assert read(Settings).limit == 5


@pytest.mark.parametrize("name", ["PORT", "KAFKA", "PEPPERS", "CALLERS"])
def test_what_is_missing_is_named_and_ends_the_process(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    environment.delenv(f"GATEPOST_{name}")
    with pytest.raises(SystemExit) as ended:
        read(Settings)

    assert ended.value.code == 2
    assert f"GATEPOST_{name}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PEPPERS", "k1:c2VjcmV0LWNhbmFyeQ"),
        ("PEPPERS", "secret-canary"),
        ("CALLERS", "auth:auth:secret-canary"),
        ("PORT", "secret-canary"),
        ("PORT", "70000"),
        ("LIMIT", "11"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    environment.setenv(f"GATEPOST_{name}", value)
    with pytest.raises(SystemExit):
        read(Settings)
    said = capsys.readouterr().err

    assert f"GATEPOST_{name}" in said
    assert "canary" not in said
    assert "c2VjcmV0" not in said


def test_settings_do_not_show_their_secrets(environment: pytest.MonkeyPatch) -> None:
    assert encode(bytes(32)) not in repr(read(Settings))
    assert digest("secret") not in str(read(Settings))
