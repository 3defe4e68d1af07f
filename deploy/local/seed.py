"""Fills a fresh system through its public ways: rollout's HTTP API and auth's import command."""

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.child_process import ChildFailed
from deploy.local.daemon import Command
from deploy.local.probe import http_call
from deploy.local.seed_data import SeedAccount

POLICY_TIMEOUT_S = 15.0
POLL_S = 0.05


def put_regions(rollout_url: str, tokens: Mapping[str, str], regions: Mapping[str, Mapping[str, Any]]) -> None:
    """Create each region, as two people where it takes two; one that exists stays as it is. `tokens` by role.

    Raises ChildFailed when rollout refuses one.
    """

    def call(role: str, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http_call(method, rollout_url + path, body, {"Authorization": f"Bearer {tokens[role]}", **named})

    for region, policy in regions.items():
        body = {"reason": "seeded by the local launcher", **policy}
        status, answer = call("release_manager", "PUT", f"/v1/regions/{region}", body, If_None_Match="*")
        for role, verb in (("approver", "approve"), ("release_manager", "apply")) if status == 202 else ():
            path, seen = f"/v1/changes/{answer['id']}/{verb}", f'"{answer["revision"]}"'
            status, answer = call(role, "POST", path, None, If_Match=seen)
        if status not in (200, 201, 409):
            raise ChildFailed("rollout", f"refused to create the region {region}: {status} {answer}")


def import_accounts(command: Command, accounts: Sequence[SeedAccount], file: Path, env: Mapping[str, str]) -> None:
    """The file holds passwords: it is readable by us only and removed at once. Raises ChildFailed."""
    file.touch(mode=0o600)
    try:
        file.write_text("".join(json.dumps(account.import_line()) + "\n" for account in accounts))
        command.run_module("services.gatepost", "accounts", "import", str(file), env=env)
    finally:
        file.unlink()


def await_policy(auth_url: str, account: SeedAccount) -> None:
    """Log `account`, of a region that is off, in until auth says that it knows so.

    Before the policy has arrived its region is unknown, and the login is challenged. Raises ChildFailed after
    POLICY_TIMEOUT_S, with the last answer.
    """
    deadline = time.monotonic() + POLICY_TIMEOUT_S
    body = {"username": account.username, "password": account.password}
    answer: object = None
    while time.monotonic() < deadline:
        try:
            status, answer = http_call("POST", f"{auth_url}/v1/logins", body)
        except (OSError, http.client.HTTPException) as error:
            status, answer = 0, error
        if status == 200 and "region-off" in json.dumps(answer):
            return
        time.sleep(POLL_S)
    raise ChildFailed("auth", f"did not apply the seeded policy in {POLICY_TIMEOUT_S:g} s; its last answer: {answer}")
