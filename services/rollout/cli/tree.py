"""The nouns with all their verbs: a verb registers itself when its file is imported."""

from collections.abc import Mapping
from typing import Final

import typer

from services.rollout.cli import audit, change_verbs, changes, region_changes, regions
from services.rollout.cli.nouns import AUDIT, CHANGES, REGIONS

_VERBS: Final = (regions, region_changes, changes, change_verbs, audit)

TREE: Final[Mapping[str, typer.Typer]] = {"regions": REGIONS, "changes": CHANGES, "audit": AUDIT}
