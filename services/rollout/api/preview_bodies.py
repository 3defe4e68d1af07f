"""What goes in and out of previews."""

from typing import Annotated, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.rollout.domain.preview import LADDER, Preview
from shared.events import RegionName

MOST_STEPS: Final = 50

Percent = Annotated[int, Field(strict=True, ge=0, le=10_000)]


class PreviewRequest(BaseModel):
    """Which region, and which shares of it."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"example": {"region": "emea", "steps": [500, 2500, 10000]}},
    )

    region: RegionName
    steps: list[Percent] = Field(
        list(LADDER), min_length=1, max_length=MOST_STEPS, description="shares of the accounts, in basis points"
    )


class PopulationOut(BaseModel):
    """Each account is in one of the groups: the first that applies."""

    accounts: int = Field(description="all of them")
    sso: int = Field(description="exempt: they sign in elsewhere")
    locked: int = Field(description="refused, whatever the region asks for")
    totp: int = Field(description="exempt from mail: they are asked for a code of their app")
    own_mfa: int = Field(description="exempt: their company asks for a second factor")
    concerned: int = Field(description="the rest, whom the region's policy is about")
    unusable: int = Field(description="of `concerned`: their address takes no mail")
    suppressed: int = Field(description="the notifier does not mail them, since mail came back")
    counted_at: AwareDatetime
    age_s: int = Field(description="since then, in seconds")

    @classmethod
    def of(cls, found: Preview) -> Self | None:
        counted = found.facts.population
        if counted is None:
            return None
        exempt = {name: getattr(counted, name) for name in ("sso", "locked", "totp", "own_mfa")}
        return cls(
            accounts=counted.concerned + sum(exempt.values()),
            **exempt,
            concerned=counted.concerned,
            unusable=counted.unusable,
            suppressed=found.facts.suppressed,
            counted_at=counted.counted_at,
            age_s=max(0, int((found.at - counted.counted_at).total_seconds())),
        )


class BusiestHourOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    hour: AwareDatetime = Field(description="its beginning, of the last 30 days")
    logins: int = Field(description="that the region decides: no trusted device, app or other factor does")


class StepOut(BaseModel):
    """Counts of accounts are null while the region's are not counted; codes, while no login was."""

    model_config = ConfigDict(from_attributes=True)

    percent: int = Field(description="basis points")
    challenged: int | None = Field(description="accounts that would be asked for a mailed code")
    off_by: int | None = Field(description="how far `challenged` may be from `population`; 0: counted, not estimated")
    unusable: int | None = Field(description="of `challenged`: their address takes no mail")
    suppressed: int | None = Field(description="of `challenged`: they are not mailed; an estimate")
    codes_per_minute: float | None = Field(description="mean of the busiest hour")
    busiest_minute: int | None = Field(description="what chance makes of it: three standard deviations more")
    fits: dict[str, bool | None] = Field(
        description="by provider: whether it takes `busiest_minute`; null: it was never asked for so many"
    )


class ProviderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    provider: str
    most_per_minute: int = Field(description="mails that it took in a minute without asking for patience")
    limit_per_minute: int | None = Field(description="what it took in the minute in which it did; null: not observed")
    set_per_minute: int = Field(description="what the notifiers let through at most")
    at: AwareDatetime = Field(description="since when this is known")


class PreviewOut(BaseModel):
    region: RegionName
    population: PopulationOut | None = Field(description="null: auth has not counted the region's accounts")
    busiest_hour: BusiestHourOut | None = Field(description="null: no login that the region decides was counted")
    steps: list[StepOut] = Field(description="in rising order")
    providers: list[ProviderOut] = Field(description="by name; none: the notifiers have observed nothing yet")
    accuracy: list[str] = Field(description="what the figures are, and what they are not; for people")

    @classmethod
    def of(cls, found: Preview) -> Self:
        facts = found.facts
        return cls(
            region=found.region,
            population=PopulationOut.of(found),
            busiest_hour=BusiestHourOut.model_validate(facts.busiest) if facts.busiest else None,
            steps=[StepOut.model_validate(step) for step in found.steps],
            providers=[ProviderOut.model_validate(each) for each in facts.providers],
            accuracy=[note.value for note in found.notes],
        )
