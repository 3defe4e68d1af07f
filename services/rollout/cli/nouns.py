"""The nouns, to which each verb registers itself."""

from typing import Final

import typer

from services.rollout.cli.exits import EPILOG


def _noun(says: str) -> typer.Typer:
    # Typer's own tracebacks can show the values of variables, and one of them is the token.
    return typer.Typer(help=says, epilog=EPILOG, no_args_is_help=True, pretty_exceptions_enable=False)


REGIONS: Final = _noun("Regions: what stands, and whether every instance has it.")
CHANGES: Final = _noun("Changes of a region: drafted, approved by another person, applied.")
PLANS: Final = _noun("Plans: waves of regions that climb by themselves, once another person approved.")
AUDIT: Final = _noun("The audit: who did what, each entry sealed to all before it.")
