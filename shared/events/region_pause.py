"""A region was paused, and goes on: nothing raises it between the two. No policy changes by either."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, RegionName


class RegionPaused(Event):
    """`paused_by`: an operator's name, or `system` for the guard, whose figures stand in the audit."""

    topic = "gatepost.rollout.region-paused.v1"
    type = "gatepost.rollout.region-paused.v1"
    source = "gatepost/rollout"

    pause_id: UUID
    region: RegionName
    paused_by: str = Field(min_length=1, max_length=128)
    because: str = Field(min_length=1, max_length=500)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return str(self.pause_id)

    @property
    def key(self) -> str:
        return self.region


class RegionResumed(Event):
    """Ends the pause of that id; the two topics may be read in any order."""

    topic = "gatepost.rollout.region-resumed.v1"
    type = "gatepost.rollout.region-resumed.v1"
    source = "gatepost/rollout"

    pause_id: UUID
    region: RegionName
    resumed_by: str = Field(min_length=1, max_length=128)
    because: str = Field(min_length=1, max_length=500)
    at: AwareDatetime

    @property
    def id(self) -> str:
        return str(self.pause_id)

    @property
    def key(self) -> str:
        return self.region
