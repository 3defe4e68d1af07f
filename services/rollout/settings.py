"""What rollout is told from outside."""

from dataclasses import fields
from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from services.rollout.domain.figures import Settling
from services.rollout.domain.thresholds import Thresholds
from shared.operator_settings import OperatorSettings
from shared.settings import DatabaseSettings, ServiceSettings


class GuardSettings(BaseSettings):
    """When the guard pauses a region, and a plan goes on where it says nothing else (docs/decisions/0024). Nought is
    refused: a limit of nought would stop every region or none."""

    model_config = ServiceSettings.model_config

    guard_minimum_sample: int = Field(100, gt=0, description="challenges in a window; fewer say nothing")
    guard_most_of_account: int = Field(
        2, gt=0, le=1_000, description="challenges of one account in an hour that say anything of its region"
    )
    guard_least_accepted: float = Field(0.9, gt=0, le=1, description="share of challenges whose mail a provider took")
    guard_least_delivered: float = Field(0.8, gt=0, le=1, description="of mails of providers that tell of deliveries")
    guard_least_verified: float = Field(0.5, gt=0, le=1, description="share of challenges that end with the right code")
    guard_most_bounced: float = Field(0.1, gt=0, le=1, description="share of challenges whose mail came back")
    guard_most_locked: float = Field(0.05, gt=0, le=1, description="share of challenges that wrong codes locked")
    guard_most_p95_accepted_s: float = Field(
        20, gt=0, allow_inf_nan=False, description="from a challenge until its mail is taken, for 95 of 100"
    )
    guard_most_below_baseline: float = Field(
        0.2, gt=0, le=1, description="how far the least shares may fall below what the region had before, in points"
    )
    guard_accepted_after_s: float = Field(
        30, gt=0, le=600, description="a challenge is judged by its mail's acceptance, bounce and lock after so long"
    )
    guard_delivered_after_s: float = Field(180, gt=0, le=900, description="and by its mail's delivery after so long")
    guard_closed_after_s: float = Field(
        660, gt=0, le=900, description="and by its end after so long: a code's life, and time to tell of it"
    )

    @property
    def thresholds(self) -> Thresholds:
        told = {field.name: getattr(self, f"guard_{field.name}") for field in fields(Thresholds)}
        thresholds = Thresholds.from_json(told)
        assert isinstance(thresholds, Thresholds)  # the fields above refuse the same
        return thresholds

    @property
    def settling(self) -> Settling:
        return Settling(
            accepted=timedelta(seconds=self.guard_accepted_after_s),
            delivered=timedelta(seconds=self.guard_delivered_after_s),
            closed=timedelta(seconds=self.guard_closed_after_s),
        )


class RolloutSettings(ServiceSettings, DatabaseSettings, OperatorSettings, GuardSettings):
    instance_forgotten_after_s: int = Field(
        3600, ge=60, le=43_200, description="how long an instance of auth that fell silent is waited for"
    )
