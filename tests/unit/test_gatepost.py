"""The one command of all services leads to what is there."""

import tomllib
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from services import gatepost

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_installed_command_is_this_one() -> None:
    command = tomllib.loads(PROJECT.read_text())["project"]["scripts"]["gatepost"]

    assert EntryPoint("gatepost", command, "console_scripts").load() is gatepost.main


@pytest.mark.parametrize("words", gatepost.COMMANDS)
def test_what_is_offered_is_a_noun_and_a_verb_and_can_be_called(words: str) -> None:
    assert len(words.split()) == 2
    module, function, says = gatepost.COMMANDS[words]
    assert callable(getattr(import_module(module), function))
    assert says
    assert words.split()[0] in gatepost.NOUNS
