"""Keep what becomes of the challenges of each region, in memory: each of our instances hears all of it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.rollout.domain.fair_share import FairShare
from services.rollout.domain.figures import Look, Settling, judged
from services.rollout.domain.observed_challenges import KEPT_S, ObservedChallenges
from services.rollout.domain.thresholds import Thresholds
from services.rollout.domain.verdict import Verdict
from shared.events import ChallengeClosed, EmailOutcome, LoginOutcome
from shared.unavailable import DependencyUnavailable

UNHEARD: Final = timedelta(seconds=15)  # a reader looks every 2 s, for 2 s at most

# Why auth asks for a mailed code because of the region (services/auth/domain/decision.py). An own app, a step-up or a
# region that auth does not know say nothing of the region's policy.
_BY_REGION: Final = frozenset({"inside-ramp", "region-enforced", "bypass-ended"})


class Reading(Protocol):
    def read_until(self) -> datetime | None:
        """By our clock: what stood in the topic then has been heard; None: it was never read to its end."""


class WatchRegions:
    """`told_at`: when Kafka took the event."""

    def __init__(
        self, observed: ObservedChallenges, share: FairShare, settling: Settling, now: Callable[[], datetime]
    ) -> None:
        self._observed = observed
        self._share = share
        self._settling = settling
        self._now = now
        self._topics: Sequence[Reading] = ()

    def reading(self, *topics: Reading) -> None:
        """What has come from all of them is the evidence: one alone distorts it."""
        self._topics = topics

    def heard_login(self, event: LoginOutcome, told_at: datetime) -> None:  # noqa: ARG002
        asked = event.outcome == "challenged" and event.reason in _BY_REGION
        if not asked or event.challenge_id is None or event.region is None or event.account_id is None:
            return
        now, at = self._now().timestamp(), event.at.timestamp()
        if self._observed.knows(event.challenge_id) or self._share.takes(event.account_id, at):
            self._observed.asked(event.challenge_id, event.region, at, now)
            self._observed.forget_before(now - KEPT_S)

    def heard_mail(self, event: EmailOutcome, told_at: datetime) -> None:
        if event.kind == "passcode" and event.challenge_id is not None:
            at = event.at.timestamp()
            self._observed.mailed(event.challenge_id, event.outcome, event.provider, at, told_at.timestamp())

    def heard_end(self, event: ChallengeClosed, told_at: datetime) -> None:
        self._observed.closed(event.challenge_id, event.end, told_at.timestamp())

    def verdict(
        self, region: str, since: datetime, thresholds: Thresholds, changed_at: datetime | None = None
    ) -> Verdict:
        """On what happened since then. The region's baseline is from before `changed_at`; None: from before `since`.

        Raises: DependencyUnavailable, until every topic was read to its end once.
        """
        now, edge = self._now(), self._edge()
        if now - edge > UNHEARD:
            return Verdict.unheard(edge, now - edge)
        self._observed.forget_before(now.timestamp() - KEPT_S)
        look = Look(
            region=region,
            edge=min(edge, now),
            since=since,
            changed_at=changed_at or since,
            thresholds=thresholds,
            settling=self._settling,
        )
        return judged(self._observed, look)

    def _edge(self) -> datetime:
        read = [topic.read_until() for topic in self._topics]
        known = [until for until in read if until is not None]
        if not known or len(known) < len(read):
            raise DependencyUnavailable("kafka")
        return min(known)
