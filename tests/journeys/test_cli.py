"""The walk-through of docs/cli.md as somebody types it: commands and what they say, word for word."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.journeys.launcher import ROOT, Launcher

PROMPT: Final = "$ "
ANYTHING: Final = "…"
# What no two runs have in common.
VARIES: Final = (
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"^[0-9a-f]{8}(?= )",
    r"[0-9a-f]{64}",
    r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d UTC)?",
    r"\d+ ms",
    r"\S+:\d{4,5}(?= )",
)


def walk_through() -> list[tuple[str, str]]:
    """Each command, and what the document says that it answers."""
    section = (ROOT / "docs" / "cli.md").read_text().partition("## Walk through")[2].partition("\n## ")[0]
    blocks = "".join(re.findall(r"```console\n(.*?)```", section, re.DOTALL))
    told = (step.partition("\n") for step in blocks.removeprefix(PROMPT).split(f"\n{PROMPT}"))
    return [(command, answer) for command, _, answer in told]


def plain(text: str) -> list[str]:
    """Its lines, without what varies and without how wide that made a column."""
    for pattern in VARIES:
        text = re.sub(pattern, "*", text, flags=re.MULTILINE)
    return [re.sub(r" {2,}", "  ", line) for line in text.strip().splitlines()]


def says(expected: list[str], answer: list[str]) -> bool:
    """`…` stands for any lines, or for the rest of one."""
    pattern = "\n".join(map(re.escape, expected)).replace(re.escape(ANYTHING), r"(?s:.*)")
    return re.fullmatch(pattern, "\n".join(answer)) is not None


def test_the_walk_through_works_word_for_word(launcher: Launcher, tmp_path: Path) -> None:
    launcher.await_ready()
    here = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    steps = walk_through()
    script = "".join(f"{command}\necho; echo '{PROMPT}'\n" for command, _ in steps)
    typed = subprocess.run(
        ["bash"], input=script, cwd=tmp_path, env=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    answers = typed.stdout.split(f"\n{PROMPT}\n")
    for (command, expected), answer in zip(steps, answers[:-1], strict=True):
        assert says(plain(expected), plain(answer)), f"{PROMPT}{command}\n{answer}"
    verbs = {" ".join(command.partition("gatepost ")[2].split()[:2]) for command, _ in steps}
    assert verbs >= {"changes draft", "changes preview", "changes approve", "changes apply", "regions pause"}
