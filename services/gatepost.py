"""`gatepost NOUN VERB …`: the commands of all services. One is imported only when it is called for, so that a service
can be installed without what the others need."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple


class Command(NamedTuple):
    """`function` of `module` gets the words after the verb."""

    module: str
    function: str
    says: str

    def __call__(self, arguments: Sequence[str]) -> None:
        getattr(import_module(self.module), self.function)(list(arguments))


NOUNS: Final = {
    "accounts": "Accounts by the thousand, and what was done to them.",
    "announcements": "Mails that tell a region what comes.",
    "dlq": "Messages that could not be handled.",
    "keys": "The keys that sign tokens.",
    "mail": "What the mails look like.",
    "secrets": "Files of keys: peppers, code keys, sealing keys.",
    "suppressions": "Addresses that get no mail, and why.",
}
COMMANDS: Final = {
    "accounts audit": Command("services.auth.commands.accounts_audit", "main", "The audit of auth, as JSON lines."),
    "accounts import": Command(
        "services.auth.commands.import_accounts", "main", "A file of them; goes on where it was."
    ),
    "announcements list": Command("services.auth.commands.announcements", "show", "The newest, and how far they are."),
    "announcements pace": Command("services.auth.commands.announcements", "pace", "So many mails a second."),
    "announcements pause": Command("services.auth.commands.announcements", "pause", "Tell nobody else for now."),
    "announcements resume": Command("services.auth.commands.announcements", "resume", "Go on where it was paused."),
    "announcements status": Command("services.auth.commands.announcements", "status", "How far one has come."),
    "dlq list": Command("shared.commands.dead_letters", "list_topics", "How many, since when, of what they died."),
    "dlq purge": Command("shared.commands.purge_dead_letters", "purge", "Remove those that nobody will want."),
    "dlq replay": Command("shared.commands.replay_dead_letters", "replay", "Have them handled once more."),
    "dlq show": Command("shared.commands.dead_letters", "show", "What may be seen of each."),
    "keys list": Command("services.auth.commands.keys", "show", "Which signs, and which are accepted."),
    "keys rotate": Command("services.auth.commands.keys", "rotate", "The next one, in good time."),
    "keys withdraw": Command("services.auth.commands.keys", "withdraw", "Refuse every token of one."),
    "mail preview": Command("services.notifier.commands.mail_preview", "main", "Every mail in every language."),
    "secrets add": Command("shared.commands.key_files", "add", "A key that is accepted, and not used yet."),
    "secrets list": Command("shared.commands.key_files", "show", "Their ids, and what each is for."),
    "secrets make": Command("shared.commands.key_files", "make", "A file with a first key."),
    "secrets promote": Command("shared.commands.key_files", "promote", "Use the key that was added."),
    "secrets retire": Command("shared.commands.key_files", "retire", "Remove the key that is not used any more."),
    "suppressions clear": Command("services.notifier.commands.suppressions", "clear", "Mail an address again."),
    "suppressions show": Command("services.notifier.commands.suppressions", "show", "Whether an address is mailed."),
}


def main() -> None:
    """What is not in the table is for the tree of all commands, where what it needs is installed."""
    command = COMMANDS.get(" ".join(sys.argv[1:3]))
    if command is not None:
        command(sys.argv[3:])
        return
    try:
        app = import_module("services.command_line").app
    except ModuleNotFoundError as missing:
        _usage(missing)
    app(prog_name="gatepost")


def _usage(missing: ModuleNotFoundError) -> None:
    asked = sys.argv[1:] in (["-h"], ["--help"])
    offered = "".join(f"  gatepost {words:<22}{command.says}\n" for words, command in COMMANDS.items())
    more = f"  gatepost regions|changes|plans|audit …, and completion, with `gatepost[cli]` ({missing})\n"
    (sys.stdout if asked else sys.stderr).write(f"usage:\n{offered}{more}")
    raise SystemExit(0 if asked else 2)


if __name__ == "__main__":
    main()
