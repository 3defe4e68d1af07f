"""`gatepost regions …`: what stands, and whether every instance has it."""

from services.rollout.cli import options, tables
from services.rollout.cli.nouns import REGIONS
from services.rollout.cli.propagation import in_words, must_be_everywhere, propagated
from services.rollout.cli.session import Session, verb


@verb(REGIONS, "list")
def list_regions(session: Session) -> None:
    """All regions, by name."""
    found = session.rollout.get("/v1/regions")
    session.screen.answer(found, tables.regions(found["regions"]))


@verb(REGIONS, "show")
def show(session: Session, region: options.Region) -> None:
    """One region as it stands."""
    found = session.rollout.get(f"/v1/regions/{region}")
    session.screen.answer(found, tables.region(found))


@verb(REGIONS, "watch")
def watch(session: Session, region: options.Region, timeout: options.Timeout = 60) -> None:
    """Wait until every instance of auth has the version that stands."""
    version = session.rollout.get(f"/v1/regions/{region}")["version"]
    found = propagated(session, region, version, timeout)
    session.screen.answer(found, in_words(found), tables.propagation(found))
    must_be_everywhere(found)
