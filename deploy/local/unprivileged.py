"""PostgreSQL refuses to run as root: an existing unprivileged account to run it as, and what that account can reach."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

CANDIDATES = ("postgres", "pgserver", "nobody")  # all of them may exist; none is ever created by us


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """None when we are not root and need no other account. Raises LookupError when root has none to switch to."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LookupError(f"running as root, and none of the accounts {', '.join(CANDIDATES)} exists")


def can_reach(path: Path, account: Account) -> bool:
    """Whether `account` may execute the file, or enter the directory, `path`."""
    command = ["test", "-x", str(path)]
    done = subprocess.run(command, check=False, user=account.uid, group=account.gid, extra_groups=[], cwd="/")
    return done.returncode == 0
