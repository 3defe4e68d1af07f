"""The rights that docs/redis.md gives each service, on a real server, and which commands a service has used."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK
from tests.redis_servers import ask

PASSWORD = "of-a-test"
_PAGE = (Path(__file__).parents[1] / "docs/redis.md").read_text()
_SAID = re.compile(r"ACL SETUSER (\S+) (.*?)(?:; done)?$", re.MULTILINE)


def rule_of(user: str) -> list[str]:
    """What the page has an operator say after `ACL SETUSER`, but for the password."""
    (said,) = [rest for name, rest in _SAID.findall(_PAGE.replace("\\\n", "")) if name.strip('"') == user]
    return [f">{PASSWORD}" if word.startswith(">") else word for word in shlex.split(said)]


def commands_in(rule: Sequence[str]) -> set[str]:
    return {word[1:] for word in rule if word.startswith("+")}


async def restrict(servers: Sequence[Daemon], user: str, *, in_cluster: bool = False) -> str:
    """What stands in a URL for that user, behind the scheme."""
    for server in servers:
        await ask(server, "ACL", "SETUSER", user, *rule_of(user))
        if in_cluster:
            await ask(server, "ACL", "SETUSER", user, *rule_of("$user"))
        await ask(server, "ACL", "LOG", "RESET")
        await ask(server, "CONFIG", "RESETSTAT")
    return f"{user}:{PASSWORD}@" + ",".join(f"{LOOPBACK}:{server.port}" for server in servers)


async def used(servers: Sequence[Daemon]) -> set[str]:
    """The commands that ran since, those of scripts too."""
    found = [await ask(server, "INFO", "commandstats") for server in servers]
    return {
        name.removeprefix("cmdstat_")
        for stats in found
        for name, stat in stats.items()
        if stat["calls"] > stat["rejected_calls"]
    }
