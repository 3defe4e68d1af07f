"""`gatepost secrets …`, as an operator runs it."""

import os
import sys
import time
from pathlib import Path

import pytest

from services import gatepost
from shared.key_file import KeyFile


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Run":
    return Run(monkeypatch, capsys)


class Run:
    """Each call is one command; what it said and how it ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, verb: str, *words: str | Path) -> tuple[str, str, object]:
        self._monkeypatch.setattr(sys, "argv", ["gatepost", "secrets", verb, *map(str, words)])
        code: object = 0
        try:
            gatepost.main()
        except SystemExit as ended:
            code = ended.code
        out, err = self._capsys.readouterr()
        return out, err, code


def ids(path: Path) -> list[str]:
    return [key.id.rpartition("-")[2] for key in KeyFile(path).read()]


def make_older(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_key_is_added_promoted_and_the_old_one_retired_each_in_its_time(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gatepost_peppers"
    assert run("make", path, "--prefix", "p")[2] == 0
    assert run("add", path)[2] == 0
    assert ids(path) == ["1", "2"]
    make_older(path, 31)
    assert run("promote", path)[2] == 0
    assert ids(path) == ["2", "1"]
    make_older(path, 691)
    assert run("retire", path)[2] == 0
    assert ids(path) == ["2"]


@pytest.mark.parametrize(("verb", "age", "more"), [("promote", 29, ()), ("retire", 689, ()), ("promote", 59, ("60",))])
def test_too_early_nothing_changes(run: Run, tmp_path: Path, verb: str, age: float, more: tuple[str, ...]) -> None:
    path = tmp_path / "gatepost_peppers"
    run("make", path)
    run("add", path)
    if verb == "retire":
        run("promote", path, "--now")
    make_older(path, age)
    before = path.read_text()
    after = [word for seconds in more for word in ("--after", seconds)]
    _, err, code = run(verb, path, *after)

    assert code == 2
    assert "has changed too recently: in 1 s, or with --now" in err
    assert path.read_text() == before


def test_who_cannot_wait_is_warned(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gatepost_peppers"
    run("make", path)
    run("add", path)
    _, err, code = run("promote", path, "--now")

    assert (code, ids(path)) == (0, ["2", "1"])
    assert err.startswith("warning: 30 s too early")


def test_a_file_from_the_future_is_no_old_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gatepost_peppers"
    run("make", path)
    run("add", path)
    make_older(path, -3_600)

    assert run("promote", path)[2] == 2


def test_no_command_shows_a_key(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gatepost_peppers"
    said = [run("make", path), run("add", path), run("promote", path, "--now"), run("list", path)]
    secrets = [part.partition(":")[2] for part in path.read_text().strip().split(",")]
    path.write_text("half a key " + secrets[0])
    said += [run(verb, path) for verb in ("add", "promote", "retire", "list", "make")]

    assert len(secrets) == 2
    assert all(secret not in out + err + str(code) for out, err, code in said for secret in secrets)
    assert [code != 0 for _, _, code in said] == [False] * 4 + [True] * 5


def test_the_list_says_what_each_key_does(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gatepost_peppers"
    run("make", path, "--prefix", "p")
    run("add", path)
    run("promote", path, "--now")
    run("add", path)
    out, _, _ = run("list", path)

    assert [line.split()[1] for line in out.splitlines()[:3]] == ["writes", "reads", "next"]
    assert out.splitlines()[3].startswith("unchanged since 20")


def test_no_file_is_written_over_and_none_is_made_by_the_way(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gatepost_peppers"
    for verb in ("add", "promote", "retire", "list"):
        assert run(verb, path)[2] != 0
    assert os.listdir(tmp_path) == []
    run("make", path)
    before = path.read_text()
    _, err, code = run("make", path)

    assert (code, path.read_text()) == (2, before)
    assert "exists already" in err


@pytest.mark.parametrize("prefix", ["", "a b", "k:", "x" * 17, "ä"])
def test_a_prefix_that_makes_no_id_is_refused(run: Run, tmp_path: Path, prefix: str) -> None:
    assert run("make", tmp_path / "keys", "--prefix", prefix)[2] == 2


def test_sealing_keys_change_in_pairs_and_stay_for_the_last_notice(run: Run, tmp_path: Path) -> None:
    private, public = tmp_path / "private", tmp_path / "public"
    for verb, *more in (("make",), ("add",), ("promote", "--now")):
        assert run(verb, private, "--public", public, *more)[2] == 0
    assert ids(private) == ids(public) == ["2", "1"]
    for path in (private, public):
        make_older(path, 86_429)
    assert run("retire", private, "--public", public)[2] == 2
    for path in (private, public):
        make_older(path, 86_431)
    assert run("retire", private, "--public", public)[2] == 0

    assert ids(private) == ids(public) == ["2"]


def test_storage_keys_are_never_retired_because_what_they_protect_is_not_encrypted_anew(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "gatepost_storage_keys"
    run("make", path)
    run("add", path)
    assert run("promote", path, "--now")[2] == 0
    _, _, code = run("retire", path, "--now")

    assert (code, ids(path)) == (2, ["2", "1"])
