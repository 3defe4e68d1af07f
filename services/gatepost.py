"""`gatepost NOUN VERB …`: the commands of all services. One is imported only when it is called for, so that a service
can be installed without what the others need."""

import sys
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "accounts import": "services.auth.commands.import_accounts:main",
    "announcements list": "services.auth.commands.announcements:show",
    "announcements pace": "services.auth.commands.announcements:pace",
    "announcements pause": "services.auth.commands.announcements:pause",
    "announcements resume": "services.auth.commands.announcements:resume",
    "announcements status": "services.auth.commands.announcements:status",
    "audit export": "services.auth.commands.export_audit:main",
    "dlq list": "shared.commands.dead_letters:list_topics",
    "dlq purge": "shared.commands.purge_dead_letters:purge",
    "dlq replay": "shared.commands.replay_dead_letters:replay",
    "dlq show": "shared.commands.dead_letters:show",
    "keys list": "services.auth.commands.keys:show",
    "keys rotate": "services.auth.commands.keys:rotate",
    "keys withdraw": "services.auth.commands.keys:withdraw",
    "mail preview": "services.notifier.commands.mail_preview:main",
    "secrets add": "shared.commands.key_files:add",
    "secrets list": "shared.commands.key_files:show",
    "secrets make": "shared.commands.key_files:make",
    "secrets promote": "shared.commands.key_files:promote",
    "secrets retire": "shared.commands.key_files:retire",
    "suppressions clear": "services.notifier.commands.suppressions:clear",
    "suppressions show": "services.notifier.commands.suppressions:show",
}


def main() -> None:
    """The command gets the words after the verb."""
    found = COMMANDS.get(" ".join(sys.argv[1:3]))
    if found is None:
        asked = sys.argv[1:] in (["-h"], ["--help"])
        offered = "".join(f"  gatepost {command} …\n" for command in COMMANDS)
        (sys.stdout if asked else sys.stderr).write(f"usage:\n{offered}")
        raise SystemExit(0 if asked else 2)
    module, _, function = found.partition(":")
    getattr(import_module(module), function)(sys.argv[3:])


if __name__ == "__main__":
    main()
