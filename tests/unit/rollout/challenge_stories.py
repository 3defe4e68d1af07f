"""What auth, the notifier and otp tell of one challenge after the other, and somebody who hears it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from uuid import UUID, uuid5

from services.rollout.domain.fair_share import FairShare
from services.rollout.domain.figures import Settling
from services.rollout.domain.observed_challenges import ObservedChallenges
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.verdict import Figure, Measure, Verdict
from services.rollout.use_cases.watch_regions import WatchRegions
from shared.events import ChallengeClosed, EmailOutcome, LoginOutcome, Outcome
from tests.clock import Clock
from tests.unit.rollout.samples import NOON

Fact = LoginOutcome | EmailOutcome | ChallengeClosed

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = UUID("6f1f4a0e-5d0b-4a53-8a7e-5f4f6a0c9d11")
SETTLING = Settling(accepted=timedelta(seconds=30), delivered=timedelta(seconds=180), closed=timedelta(seconds=660))
THRESHOLDS: dict[str, Any] = {
    "minimum_sample": 100,
    "least_accepted": 0.9,
    "least_delivered": 0.8,
    "least_verified": 0.5,
    "most_bounced": 0.1,
    "most_locked": 0.05,
    "most_p95_accepted_s": 20,
    "most_below_baseline": 0.2,
}


def thresholds(**changes: Any) -> Thresholds:
    made = Thresholds.from_json(THRESHOLDS | changes)
    assert isinstance(made, Thresholds)
    return made


@dataclass(frozen=True, kw_only=True)
class Story:
    """One challenge. Seconds: `ago` before noon it was asked for, the others after that; None: it never was."""

    number: int = 0
    ago: float = 0.0
    region: str = "emea"
    reason: str = "region-enforced"
    provider: str = "sendgrid"
    accepted: float | None = 1.0
    delivered: float | None = 5.0
    bounced: float | None = None
    end: Literal["verified", "expired", "locked"] | None = "verified"
    ended: float = 60.0

    @property
    def id(self) -> UUID:
        return uuid5(NAMES, str(self.number))

    @cached_property
    def facts(self) -> list[tuple[Fact, datetime]]:
        """With the time at which Kafka took each."""
        at = NOON - timedelta(seconds=self.ago)
        told: list[tuple[Fact, datetime]] = [(self._login(at), at)]
        for outcome, after in (
            (Outcome.ACCEPTED, self.accepted),
            (Outcome.DELIVERED, self.delivered),
            (Outcome.BOUNCED, self.bounced),
        ):
            if after is not None:
                then = at + timedelta(seconds=after)
                told.append((self.mail(outcome, then), then))
        if self.end is not None:
            closed = ChallengeClosed(challenge_id=self.id, account_id=self.id, end=self.end, attempts=1)
            told.append((closed, at + timedelta(seconds=self.ended)))
        return told

    def mail(self, outcome: Outcome, at: datetime, **changes: Any) -> EmailOutcome:
        values: dict[str, Any] = {
            "message_id": self.id,
            "account_id": self.id,
            "challenge_id": self.id,
            "region": self.region,
            "provider": self.provider,
            "outcome": outcome,
            "attempt": 1,
            "at": at,
        }
        return EmailOutcome(**(values | changes))

    def _login(self, at: datetime) -> LoginOutcome:
        return LoginOutcome(
            attempt_id=uuid5(NAMES, f"attempt {self.number}"),
            account_id=self.id,
            challenge_id=self.id,
            outcome="challenged",
            reason=self.reason,
            region=self.region,
            product="shop",
            at=at,
        )


def spread(count: int, first_ago: float, last_ago: float, numbers_from: int = 0, **story: Any) -> list[Story]:
    """So many alike, evenly from `first_ago` to before `last_ago` seconds before noon."""
    step = (first_ago - last_ago) / count
    return [Story(number=numbers_from + each, ago=first_ago - each * step, **story) for each in range(count)]


@dataclass
class Topic:
    until: datetime | None = NOON

    def read_until(self) -> datetime | None:
        return self.until


@dataclass
class Watch:
    """At noon, and everything until then was heard."""

    most: int = 500_000
    clock: Clock = field(default_factory=lambda: Clock(NOON))
    topics: Sequence[Topic] = field(default_factory=lambda: [Topic(), Topic(), Topic()])

    def __post_init__(self) -> None:
        self.observed = ObservedChallenges(self.most)
        self.regions = WatchRegions(self.observed, FairShare(2), SETTLING, self.clock)
        self.regions.reading(*self.topics)

    def hear(self, told: Iterable[tuple[Fact, datetime]]) -> "Watch":
        for fact, told_at in told:
            match fact:
                case LoginOutcome():
                    self.regions.heard_login(fact, told_at)
                case EmailOutcome():
                    self.regions.heard_mail(fact, told_at)
                case ChallengeClosed():
                    self.regions.heard_end(fact, told_at)
        return self

    def tell(self, *stories: Story) -> "Watch":
        return self.hear(told for story in stories for told in story.facts)

    def later(self, by: timedelta) -> "Watch":
        self.clock.advance(by)
        for topic in self.topics:
            topic.until = self.clock.now
        return self

    def verdict(
        self, region: str = "emea", since: datetime = EVER, changed_at: datetime | None = None, **limits: Any
    ) -> Verdict:
        return self.regions.verdict(region, since, thresholds(**limits), changed_at)

    def figure(self, measure: Measure, window: str = "1h", **asked: Any) -> Figure:
        (found,) = [
            figure
            for each in self.verdict(**asked).figures
            if each.window == window
            for figure in each.figures
            if figure.measure is measure
        ]
        return found
