"""Plans at work on a real database: what the scheduler does, with a clock and a guard that the test moves."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.postgres_announcements import PostgresAnnouncements
from services.rollout.adapters.postgres_audit import PostgresAudit
from services.rollout.adapters.postgres_changes import PostgresChanges
from services.rollout.adapters.postgres_pauses import PostgresPauses
from services.rollout.adapters.postgres_plans import PostgresPlans
from services.rollout.adapters.postgres_regions import PostgresRegions
from services.rollout.domain.plan import Plan
from services.rollout.domain.plan_content import PlanContent
from services.rollout.domain.region import Policy, Region
from services.rollout.domain.verdict import Result, Verdict
from services.rollout.domain.wave import Member, Wave
from services.rollout.domain.wish import Wish
from services.rollout.use_cases.advance_plans import AdvancePlans
from services.rollout.use_cases.announce import Announce
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.decide_plan import DecidePlan
from services.rollout.use_cases.pause_region import Paused, PauseRegion
from services.rollout.use_cases.propose_plan import Begun, ProposePlan
from services.rollout.use_cases.set_policy import SetPolicy
from tests.unit.rollout.samples import OFF

START = datetime(2026, 9, 1, 9, tzinfo=UTC)  # in the past: PostgreSQL's own clock has its say as well


@dataclass
class Planning:
    engine: AsyncEngine
    now: datetime = START
    verdicts: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plans, self.regions = PostgresPlans(self.engine), PostgresRegions(self.engine)
        self.changes, self.pauses = PostgresChanges(self.engine), PostgresPauses(self.engine)
        self.announcements, self.audit = PostgresAnnouncements(self.engine), PostgresAudit(self.engine)
        self.apply = ApplyChange(self.changes, self.regions, self.clock, lambda: "salt-of-this-region")
        self.decide = DecidePlan(self.plans, self.clock)
        self.propose = ProposePlan(self.plans, self.clock)
        self.pause = PauseRegion(self.pauses, self.regions, self.clock, uuid4)
        announce = Announce(self.announcements, self.clock)
        self.advance = AdvancePlans(self.plans, self.decide, self.apply, announce, self.gate, self.pauses)

    def clock(self) -> datetime:
        return self.now

    def gate(self, _: Wave, region: Region, since: datetime) -> Verdict:
        result = self.verdicts.get(region.name, Result.PASS)
        return Verdict(result=result, because="the test says so", as_of=since)

    async def round(self, after: timedelta = timedelta(0)) -> None:
        self.now += after
        await self.advance.round(self.now)

    async def make(self, *names: str) -> None:
        """Regions that are off."""
        for name in names:
            await self.set(name, OFF)

    async def set(self, name: str, policy: Policy) -> Region:
        """By one person: it lowers."""
        setting = SetPolicy(self.changes, self.regions, self.apply, self.clock, uuid4)
        standing = await self.regions.find(name)
        made = await setting(
            Wish(region=name, policy=policy, reason="by hand"), standing.version if standing else None, "rosa"
        )
        assert isinstance(made, Region), made
        return made

    async def run(self, *waves: Wave) -> Plan:
        """Written by rosa, approved by ava, and started."""
        approved = await self.approved(*waves)
        started = await self.decide.start(approved.id, approved.revision, "rosa")
        assert isinstance(started, Plan), started
        return started

    async def approved(self, *waves: Wave) -> Plan:
        begun = await self.propose.begin(
            uuid4(), PlanContent(name="by spring", reason="as agreed", waves=waves), "rosa"
        )
        assert isinstance(begun, Begun), begun
        plan: object = begun.plan
        for verb, by in ((self.decide.submit, "rosa"), (self.decide.approve, "ava")):
            assert isinstance(plan, Plan), plan
            plan = await verb(plan.id, plan.revision, by)
        assert isinstance(plan, Plan), plan
        return plan

    async def standing(self, name: str) -> Region:
        region = await self.regions.find(name)
        assert region is not None
        return region

    async def percents(self, name: str) -> list[int]:
        """Of all versions, in order."""
        return [region.policy.percent for region in await self.regions.history(name)]

    async def plan(self, plan_id: UUID) -> Plan:
        plan = await self.plans.find(plan_id)
        assert plan is not None
        return plan

    async def paused(self, name: str) -> None:
        assert isinstance(await self.pause.pause(name, "rosa", "not well"), Paused)


def hourly(name: str, regions: Iterable[str], begin: timedelta, **changes: object) -> Wave:
    """Told two hours before it begins, shadow an hour before, and a step each hour."""
    begin_at = (START + begin).replace(tzinfo=None)
    values: dict[str, object] = {
        "name": name,
        "members": tuple(Member(region, "UTC", 0) for region in regions),
        "announce_at": begin_at - timedelta(hours=2),
        "shadow_at": begin_at - timedelta(hours=1),
        "begin_at": begin_at,
        "steps": (500, 2_500),
        "step_every": timedelta(hours=1),
    }
    return Wave(**(values | changes))  # type: ignore[arg-type]
