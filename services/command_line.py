"""`gatepost` as one tree of commands, with help and completion for all of them. Needs what `gatepost[cli]` installs."""

from collections.abc import Callable
from typing import Final

import typer

from services.gatepost import COMMANDS, NOUNS, Command
from services.rollout.cli.exits import EPILOG
from services.rollout.cli.tree import TREE

_REMOTE: Final = "Rollout, from anywhere"
_LOCAL: Final = "On the servers"
# Their own parsers read what comes after the verb, also `--help`.
_AS_IT_IS: Final = {"allow_extra_args": True, "ignore_unknown_options": True}

app: Final = typer.Typer(
    help="Gatepost for those who operate it: docs/cli.md.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def gatepost() -> None:
    pass


def _called(command: Command) -> Callable[[typer.Context], None]:
    def call(context: typer.Context) -> None:
        command(context.args)

    return call


def _local(name: str) -> typer.Typer:
    """Its verbs from the table, none of which is imported here."""
    noun = typer.Typer(help=NOUNS[name], no_args_is_help=True)
    for words, command in COMMANDS.items():
        of, _, verb = words.partition(" ")
        if of == name:
            register = noun.command(verb, help=command.says, context_settings=_AS_IT_IS, add_help_option=False)
            register(_called(command))
    return noun


for _name, _noun in TREE.items():
    app.add_typer(_noun, name=_name, rich_help_panel=_REMOTE)
app.add_typer(TREE["plans"], name="plan", hidden=True)  # `gatepost plan apply plan.yaml`, as one says it
for _name in NOUNS:
    app.add_typer(_local(_name), name=_name, rich_help_panel=_LOCAL)
