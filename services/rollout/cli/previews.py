"""Whom a policy would ask, before anything is done."""

from collections.abc import Sequence

from services.rollout.cli import tables
from services.rollout.cli.client import Rollout
from services.rollout.cli.exits import Json
from services.rollout.cli.preview_tables import previews
from services.rollout.cli.session import Session
from services.rollout.cli.wishes import differences, share_of


def show_preview(session: Session, region: str, standing: Json | None, body: Json) -> None:
    """Of what is not written yet: how it differs from what stands, and whom it would ask."""
    changed = differences(standing, body)
    preview = preview_of(session.rollout, region, [share_of(body)])
    document = {"region": region, "differences": changed, "preview": preview}
    session.screen.answer(document, tables.differences(changed), *previews([preview]))


def show_change_preview(session: Session, change: Json) -> None:
    """Of a change, as it is kept."""
    preview = session.rollout.get(f"/v1/changes/{change['id']}/preview")
    document = {"change": change, "preview": preview}
    session.screen.answer(document, tables.differences(change["differences"]), *previews([preview]))


def preview_of(rollout: Rollout, region: str, steps: Sequence[int]) -> Json:
    """`steps`: shares in basis points. Raises: Stopped."""
    return rollout.send("POST", "/v1/previews", {"region": region, "steps": list(steps)}).body
