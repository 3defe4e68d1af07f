"""What goes in and out of `/v1/regions/{region}/announcements`."""

from typing import Annotated, Final, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.rollout.api.region_bodies import Moment
from services.rollout.domain.announcement import Announcement, Kind, Wanted
from shared.events import RegionName

# Two entries of a zone directory that are no places.
_ZONES: Final = frozenset(available_timezones() - {"localtime", "Factory"})


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise PydanticCustomError("time_zone", "an IANA name such as Europe/Berlin")
    return name


TimeZone = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$"), AfterValidator(_known_zone)]


class AnnouncementRequest(BaseModel):
    """All people of the region whom it concerns are mailed once; who has SSO or an own second factor is not."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "example": {"kind": "advance-notice", "at": "2027-02-01T08:00:00Z", "time_zone": "Europe/Berlin"}
        },
    )

    kind: Kind
    at: Moment = Field(description="when it begins; of a bypass, it may have begun")
    until: Moment | None = Field(None, description="when the bypass ends, 4 hours after `at` at most; for it only")
    time_zone: TimeZone = Field(description="IANA name of the clock that the mail tells both by")
    expires_at: Moment | None = Field(
        None, description="nobody is mailed after it; not later than `at`, or `until` of a bypass, which is the default"
    )

    def wanted(self, region: str, author: str) -> Wanted:
        return Wanted(region=region, author=author, **{name: getattr(self, name) for name in type(self).model_fields})


class AnnouncementOut(BaseModel):
    announcement_id: UUID
    region: RegionName
    kind: Kind
    at: AwareDatetime
    until: AwareDatetime | None
    time_zone: str
    expires_at: AwareDatetime
    announced_by: str
    announced_at: AwareDatetime

    @classmethod
    def of(cls, announcement: Announcement) -> Self:
        return cls(
            announcement_id=announcement.id,
            region=announcement.region,
            kind=announcement.kind,
            at=announcement.at,
            until=announcement.until,
            time_zone=announcement.time_zone,
            expires_at=announcement.expires_at,
            announced_by=announcement.author,
            announced_at=announcement.announced_at,
        )


class AnnouncementsOut(BaseModel):
    """The newest 100, newest first."""

    announcements: list[AnnouncementOut]
