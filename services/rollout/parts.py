"""What rollout is made of, without its HTTP: the use cases, on the stores of services/rollout/stores.py."""

import secrets
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from services.rollout.domain.fair_share import FairShare
from services.rollout.domain.observed_challenges import ObservedChallenges
from services.rollout.domain.propagation import Instances
from services.rollout.domain.region import Region
from services.rollout.domain.tally import SLOT_S
from services.rollout.domain.verdict import Verdict
from services.rollout.domain.wave import Wave
from services.rollout.handlers import hear_audience, hear_instances, register_handlers, show_guard, watch_regions
from services.rollout.settings import RolloutSettings
from services.rollout.stores import Stores
from services.rollout.use_cases.advance_plans import AdvancePlans
from services.rollout.use_cases.announce import Announce
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.apply_due import ApplyDue
from services.rollout.use_cases.count_logins import CountLogins
from services.rollout.use_cases.decide_change import DecideChange
from services.rollout.use_cases.decide_plan import DecidePlan
from services.rollout.use_cases.follow_rollout import FollowRollout
from services.rollout.use_cases.forget_instance import ForgetInstance
from services.rollout.use_cases.guard_regions import GuardRegions
from services.rollout.use_cases.hear_audience import HearAudience
from services.rollout.use_cases.hear_instances import HearInstances
from services.rollout.use_cases.pause_region import PauseRegion
from services.rollout.use_cases.preview_change import PreviewChange
from services.rollout.use_cases.propose_change import ProposeChange
from services.rollout.use_cases.propose_plan import ProposePlan
from services.rollout.use_cases.relay_policies import RelayPolicies
from services.rollout.use_cases.scheduler import Scheduler, seldom
from services.rollout.use_cases.set_policy import SetPolicy
from services.rollout.use_cases.show_propagation import ShowPropagation
from services.rollout.use_cases.watch_regions import WatchRegions
from shared.events import RegionPolicyChanged
from shared.kafka import EventBus
from shared.periodic import periodically

HOUR_S: Final = 3600.0


def now() -> datetime:
    return datetime.now(UTC)


def _new_salt() -> str:
    return secrets.token_urlsafe(16)


class Parts:
    """Nothing runs before `work()` does."""

    def __init__(self, settings: RolloutSettings, stores: Stores, bus: EventBus) -> None:
        self._thresholds = settings.thresholds
        self._relay = RelayPolicies(stores.outbox, bus.publisher)
        self.apply = ApplyChange(stores.changes, stores.regions, now, _new_salt)
        self.propose = ProposeChange(stores.changes, stores.regions, now)
        self.decide = DecideChange(stores.changes, now)
        self.set_policy = SetPolicy(stores.changes, stores.regions, self.apply, now, uuid4)
        self.announce = Announce(stores.announcements, now)

        share = FairShare(settings.guard_most_of_account)
        self._watch = WatchRegions(ObservedChallenges(), share, settings.settling, now)
        self.pause = PauseRegion(stores.pauses, stores.regions, now, uuid4)
        self.guard = GuardRegions(
            self._watch, stores.regions, stores.pauses, self.pause, stores.plans, settings.thresholds, now
        )

        self.propose_plan, self.decide_plan = ProposePlan(stores.plans, now), DecidePlan(stores.plans, now)
        self.advance = AdvancePlans(
            stores.plans, self.decide_plan, self.apply, self.announce, self._gate, stores.pauses
        )
        due = ApplyDue(stores.changes, self.apply, self.decide)
        rounds = due.round, self.advance.round, seldom(self.guard.round, SLOT_S)
        self._scheduler = Scheduler(stores.leadership, rounds, now)

        self._hear = HearInstances(Instances(timedelta(seconds=settings.instance_forgotten_after_s)), now)
        self.propagation = ShowPropagation(self._hear, stores.regions, now)
        self.follow = FollowRollout(stores.audit, stores.regions, self._hear, now)
        self.forget_instance = ForgetInstance(self._hear, stores.forgotten, now)

        self._audience, self._count_logins = HearAudience(), CountLogins(stores.logins, now)
        self.preview = PreviewChange(self._audience, stores.regions, stores.changes, stores.logins, now)
        self._listen(bus)

    def stop_waiting(self) -> None:
        """Whoever waits for news is answered: the drain would wait for them to the end of its patience."""
        self.propagation.stop_waiting()
        self.follow.stop()

    def _listen(self, bus: EventBus) -> None:
        bus.follow(RegionPolicyChanged, self._relay.saw, self._relay.saw_unreadable)
        register_handlers(bus, self._count_logins)
        hear_instances(bus, self._hear)
        hear_audience(bus, self._audience)
        watch_regions(bus, self._watch)
        show_guard(self.guard)

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What runs for ever. What the relay did not finish waits in the outbox for the next leader."""
        forgetting = periodically("counted-logins", HOUR_S, self._count_logins.forget)
        return [self._relay.run(), self._scheduler.run(), forgetting]

    def _gate(self, wave: Wave, region: Region, since: datetime) -> Verdict:
        return self._watch.verdict(region.name, since, wave.thresholds or self._thresholds, region.changed_at)
