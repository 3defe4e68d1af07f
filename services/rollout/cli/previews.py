"""Whom a policy would ask, before anything is done."""

from services.rollout.cli import tables
from services.rollout.cli.exits import Json
from services.rollout.cli.session import Session
from services.rollout.cli.wishes import differences, share_of


def show_preview(session: Session, region: str, standing: Json | None, body: Json) -> None:
    """Of what is not written yet: how it differs from what stands, and whom it would ask."""
    changed = differences(standing, body)
    preview = session.rollout.send("POST", "/v1/previews", {"region": region, "steps": [share_of(body)]}).body
    document = {"region": region, "differences": changed, "preview": preview}
    session.screen.answer(document, tables.differences(changed), tables.preview(preview))


def show_change_preview(session: Session, change: Json) -> None:
    """Of a change, as it is kept."""
    preview = session.rollout.get(f"/v1/changes/{change['id']}/preview")
    document = {"change": change, "preview": preview}
    session.screen.answer(document, tables.differences(change["differences"]), tables.preview(preview))
