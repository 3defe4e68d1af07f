"""What every command has in common: the options that say whom it asks, how it answers, and how it ends."""

import inspect
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property, wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.rollout.cli.client import Rollout
from services.rollout.cli.connection import connected
from services.rollout.cli.exits import EPILOG, Exit, Stopped
from services.rollout.cli.screen import Screen

Verb = Callable[..., None]

_Url = Annotated[str, typer.Option("--url", envvar="GATEPOST_ROLLOUT_URL", metavar="URL", help="of rollout")]
_TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="PATH", help="has the bearer token; default: the variable GATEPOST_TOKEN"),
]
_AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on standard output, and nothing else")]


def _parameter(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_COMMON: Final = (
    _parameter("url", "", _Url),
    _parameter("token_file", None, _TokenFile),
    _parameter("as_json", False, _AsJson),
)


class Session:
    """Rollout is met when a command first asks it something: some need not. `closing` ends the connection."""

    def __init__(self, url: str, token_file: Path | None, screen: Screen, closing: ExitStack) -> None:
        self._url = url
        self._token_file = token_file
        self._closing = closing
        self.screen = screen

    @cached_property
    def rollout(self) -> Rollout:
        """Raises: Stopped."""
        return Rollout(self._closing.enter_context(connected(self._url, self._token_file)))


def verb(app: typer.Typer, name: str) -> Callable[[Verb], Verb]:
    """Registers a function `(session, …)`, whose other parameters are the command's own, beside those of all."""

    def register(does: Verb) -> Verb:
        @wraps(does)
        def run(*, url: str, token_file: Path | None, as_json: bool, **own: Any) -> None:
            screen = Screen(as_json=as_json)
            with ExitStack() as closing:
                session = Session(url, token_file, screen, closing)
                code = _ended(lambda: does(session, **own), screen)
            raise typer.Exit(code)

        own = [*inspect.signature(does, eval_str=True).parameters.values()][1:]
        parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *_COMMON]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        app.command(name, epilog=EPILOG)(run)
        return does

    return register


def _ended(command: Callable[[], None], screen: Screen) -> Exit:
    try:
        command()
        sys.stdout.flush()
    except Stopped as stopped:
        screen.stopped(stopped)
        return stopped.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read has seen enough; Python would complain at its exit once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE
