"""What holds for every command of rollout: help, JSON and nothing else, tables without colours, no token."""

import json
from pathlib import Path

import pytest

from services.rollout.cli.exits import MEANING
from services.rollout.cli.tree import TREE
from tests.unit.rollout.cli import samples
from tests.unit.rollout.cli.stub_rollout import StubRollout

CHANGE = PLAN = str(samples.ID)
WHY = ("--reason", "as agreed")
COMMANDS: dict[str, tuple[str, ...]] = {
    "regions list": (),
    "regions show": ("emea",),
    "regions watch": ("emea",),
    "regions set": ("emea", "ramp", "--percent", "5", *WHY),
    "regions bypass": ("emea", "--for", "1h", *WHY),
    "regions pause": ("emea", *WHY),
    "regions resume": ("emea", *WHY),
    "regions guard": ("emea",),
    "changes list": (),
    "changes show": (CHANGE,),
    "changes preview": (CHANGE,),
    "changes draft": ("emea", "ramp", "--percent", "25", *WHY),
    "changes edit": (CHANGE, "--percent", "30"),
    "changes submit": (CHANGE,),
    "changes approve": (CHANGE,),
    "changes reject": (CHANGE, *WHY),
    "changes schedule": (CHANGE,),
    "changes apply": (CHANGE, "--wait"),
    "changes cancel": (CHANGE, *WHY),
    "plans list": (),
    "plans show": (PLAN,),
    "plans watch": (PLAN,),
    "plans apply": ("{plan}",),
    "plans submit": (PLAN,),
    "plans approve": (PLAN,),
    "plans reject": (PLAN, *WHY),
    "plans start": (PLAN,),
    "plans pause": (PLAN, *WHY),
    "plans resume": (PLAN,),
    "plans cancel": (PLAN, *WHY),
    "audit list": (),
    "audit verify": (),
    "audit export": ("--out", "{out}"),
}
DRY = {
    "regions set", "regions bypass", "changes draft", "changes edit", "changes submit", "changes approve",
    "changes schedule", "changes apply", "plans apply",
}  # fmt: skip


def words(command: str, tmp_path: Path) -> tuple[str, ...]:
    plan = tmp_path / "plan.yaml"
    plan.write_text(json.dumps({"name": "new", "reason": "as agreed", "waves": [samples.WAVE]}))
    given = (word.format(plan=plan, out=tmp_path / "audit.jsonl") for word in COMMANDS[command])
    return (*command.split(), *given)


def test_no_verb_is_missing_here() -> None:
    assert set(COMMANDS) == {f"{noun} {each.name}" for noun, app in TREE.items() for each in app.registered_commands}


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_one_document_on_standard_output_and_nothing_else(
    stub: StubRollout, command: str, tmp_path: Path
) -> None:
    ended = stub.run(*words(command, tmp_path), "--json")
    assert ended.code == 0, ended
    assert isinstance(json.loads(ended.out), dict)


@pytest.mark.parametrize("command", COMMANDS)
def test_people_get_tables_and_whoever_pipes_them_no_colours(stub: StubRollout, command: str, tmp_path: Path) -> None:
    ended = stub.run(*words(command, tmp_path))
    assert ended.code == 0, ended
    assert ended.out.strip()
    assert "\x1b" not in ended.out + ended.err
    assert not ended.out.startswith("{")


@pytest.mark.parametrize("command", sorted(DRY))
def test_a_dry_run_shows_whom_it_would_ask_and_does_nothing(stub: StubRollout, command: str, tmp_path: Path) -> None:
    ended = stub.run(*words(command, tmp_path), "--dry-run")
    assert ended.code == 0, ended
    assert "120, of which 95 are concerned; exempt: sso 20, own_mfa 5" in ended.out
    assert "Counted, not estimated." in ended.out
    assert {asked.path for asked in stub.sent("POST") + stub.sent("PUT")} <= {"/v1/previews"}
    assert isinstance(json.loads(stub.run(*words(command, tmp_path), "--dry-run", "--json").out), dict)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_help_says_the_exit_codes_and_where_the_token_comes_from(stub: StubRollout, command: str) -> None:
    ended = stub.run(*command.split(), "--help", COLUMNS="200", TERMINAL_WIDTH="200")
    told = " ".join(ended.out.split())
    assert all(f"{code.value} {meaning}" in told for code, meaning in MEANING.items())
    assert "GATEPOST_ROLLOUT_URL" in told
    assert "GATEPOST_TOKEN" in told
    assert stub.asked == []
