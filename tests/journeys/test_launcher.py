"""`python -m deploy.local` as a newcomer and a client of its contract meet it (DESIGN §8), on embedded parts."""

import os
import re
import subprocess
from pathlib import Path

import psutil

from tests.journeys.launcher import ROOT, STOPS_WITHIN_S, Launcher


def test_the_walk_through_of_the_readme_works_word_for_word(launcher: Launcher, tmp_path: Path) -> None:
    launcher.await_ready()
    script = re.search(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert script
    done = subprocess.run(["bash", "-c", script[1]], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.1 200")
    assert "x-auth-amr: pwd otp" in done.stdout


def test_the_ready_file_keeps_its_contract_and_a_stop_leaves_nothing(launcher: Launcher) -> None:
    ready = launcher.await_ready()
    assert ready.keys() >= {"auth", "otp", "notifier", "rollout", "mailbox", "kafka", "redis", "postgres"}
    assert ready["operators"].keys() == {"release_manager", "approver", "viewer", "admin"}
    assert all(account.keys() >= {"username", "password", "region", "email"} for account in ready["accounts"])
    assert os.stat(launcher.ready_file).st_mode & 0o077 == 0  # it holds passwords

    children = launcher.children()
    assert launcher.stop() == 0
    assert not launcher.ready_file.exists()
    _, left = psutil.wait_procs(children, timeout=1)
    assert left == []


def test_a_service_that_dies_is_named_and_takes_the_rest_along(launcher: Launcher) -> None:
    launcher.await_ready()
    children = launcher.children()
    launcher.service("otp").kill()
    assert launcher.process.wait(STOPS_WITHIN_S) == 1
    assert "otp was killed by SIGKILL" in launcher.output.read_text()
    _, left = psutil.wait_procs(children, timeout=1)
    assert left == []
