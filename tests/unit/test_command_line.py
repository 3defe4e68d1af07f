"""All of `gatepost` as one tree: help, completion, and no service imported before its turn."""

import os
import subprocess
import sys
from typing import Final

import pytest

from services.gatepost import COMMANDS, NOUNS

REMOTE: Final = ("regions", "changes", "plans", "audit")


def gatepost(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **environment}
    return subprocess.run(
        [sys.executable, "-m", "services.gatepost", *words], env=env, capture_output=True, text=True, check=False
    )


def test_help_shows_every_noun_and_a_noun_every_verb() -> None:
    told = gatepost("--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert all(f"│ {noun} " in told.stdout for noun in (*REMOTE, *NOUNS))
    accounts = gatepost("accounts", "--help")
    assert "import" in accounts.stdout
    assert "audit" in accounts.stdout


def test_what_is_not_there_is_a_mistake_of_the_caller() -> None:
    assert gatepost("regoins").returncode == 2
    assert gatepost("accounts", "imprt").returncode == 2
    assert gatepost("regions", "list", "--token", "x").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_told_how_to_complete(shell: str) -> None:
    script = gatepost("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert (script.returncode, script.stderr) == (0, "")
    assert "_GATEPOST_COMPLETE" in script.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gatepost ", {*REMOTE, *NOUNS}),
        ("gatepost ch", {"changes"}),
        ("gatepost keys ", {words.split()[1] for words in COMMANDS if words.startswith("keys ")}),
        ("gatepost changes ap", {"apply", "approve"}),
        ("gatepost regions set emea r", {"ramp"}),
        ("gatepost changes apply --w", {"--wait"}),
    ],
)
def test_words_are_completed(line: str, offered: set[str]) -> None:
    completed = gatepost(_GATEPOST_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(line.split(" ")) - 1))
    assert set(completed.stdout.split()) == offered, completed


def test_no_service_is_imported_for_the_tree() -> None:
    code = "import services.command_line, sys; print(*(name for name in sys.modules if name.startswith('services.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = done.stdout.split()
    assert not [name for name in imported if name.startswith(("services.auth", "services.notifier", "services.otp"))]
    assert not [name for name in imported if "adapters" in name or ".api" in name]


def test_without_the_extra_the_commands_of_the_services_are_there() -> None:
    """As in an image that has no typer: a module of that name that cannot be imported."""
    code = (
        "import sys; sys.modules['typer'] = None; sys.argv = ['gatepost', *{words}]\n"
        "from services.gatepost import main; main()"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        made = [sys.executable, "-c", code.format(words=list(words))]
        return subprocess.run(made, capture_output=True, text=True, check=False)

    told = run("--help")
    assert told.returncode == 0
    assert all(words in told.stdout for words in COMMANDS)
    assert "gatepost[cli]" in told.stdout
    assert run("regions", "list").returncode == 2
    assert run("secrets", "list", "--help").returncode == 0
