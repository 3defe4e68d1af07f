"""The limits of wrong passwords, as an operator writes them."""

import pytest

from services.auth.domain.gcra import Limit
from services.auth.settings import ThrottleSettings
from shared.settings import read


def test_a_limit_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_WRONG_PASSWORDS_ADDRESS", "5/2")

    assert read(ThrottleSettings).wrong_passwords_address == Limit(5, 2_000)


@pytest.mark.parametrize("text", ["5", "0/2", "five/2", ""])
def test_what_is_no_limit_ends_the_start_with_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.setenv("GATEPOST_WRONG_PASSWORDS_ADDRESS", text)

    with pytest.raises(SystemExit):
        read(ThrottleSettings)
    assert "GATEPOST_WRONG_PASSWORDS_ADDRESS" in capsys.readouterr().err
