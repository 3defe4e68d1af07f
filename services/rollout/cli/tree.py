"""The nouns with all their verbs: a verb registers itself when its file is imported."""

from collections.abc import Mapping
from typing import Final

import typer

from services.rollout.cli import (
    audit,
    change_verbs,
    changes,
    plan_apply,
    plan_verbs,
    plans,
    region_changes,
    region_pauses,
    regions,
)
from services.rollout.cli.nouns import AUDIT, CHANGES, PLANS, REGIONS

_VERBS: Final = (
    regions, region_changes, region_pauses, changes, change_verbs, plans, plan_apply, plan_verbs, audit,
)  # fmt: skip

TREE: Final[Mapping[str, typer.Typer]] = {"regions": REGIONS, "changes": CHANGES, "plans": PLANS, "audit": AUDIT}
