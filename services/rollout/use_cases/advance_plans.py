"""Do what running plans are due to do: climb a rung, have people told, halt, complete."""

from datetime import datetime
from uuid import uuid5

import structlog

from services.rollout.domain.announcement import Wanted
from services.rollout.domain.change import Change
from services.rollout.domain.content import Content
from services.rollout.domain.course import Gate, course
from services.rollout.domain.direction import direction
from services.rollout.domain.move import Climb, Done, Move, Moved, Progress, Tell
from services.rollout.domain.plan import Plan
from services.rollout.domain.region import Region
from services.rollout.domain.wave import Wave
from services.rollout.use_cases.announce import Announce, Announced
from services.rollout.use_cases.apply_change import ApplyChange
from services.rollout.use_cases.changes import SYSTEM
from services.rollout.use_cases.decide_plan import DecidePlan
from services.rollout.use_cases.guard_regions import LatestPauses
from services.rollout.use_cases.plans import Plans, announcement_of
from shared.events import NoticeKind
from shared.unavailable import DependencyUnavailable

_log = structlog.get_logger()


class AdvancePlans:
    """Every method raises DependencyUnavailable."""

    def __init__(
        self,
        plans: Plans,
        decide: DecidePlan,
        apply: ApplyChange,
        announce: Announce,
        gate: Gate,
        pauses: LatestPauses,
    ) -> None:
        self._plans = plans
        self._decide = decide
        self._apply = apply
        self._announce = announce
        self._gate = gate
        self._pauses = pauses

    async def round(self, now: datetime) -> None:
        away: DependencyUnavailable | None = None
        for plan in await self._plans.running():
            try:
                await self._advance(plan, now)
            except DependencyUnavailable as error:  # it may be one locked row, or a gate that this plan alone asks
                away = error
            except Exception as error:  # whatever it is: the others run as well
                _log.error("plan_failed", plan=str(plan.id), exc_info=error)
        if away is not None:
            raise away

    async def course(self, plan: Plan, now: datetime) -> list[Move]:
        """What each of its regions does next."""
        return course(plan.content, await self._progress(plan), self._gate, now)

    async def _progress(self, plan: Plan) -> dict[str, Progress]:
        pauses = await self._pauses.latest()
        known = await self._plans.progress(plan)
        return {region: each.pausing(pauses.get(region)) for region, each in known.items()}

    async def _advance(self, plan: Plan, now: datetime) -> None:
        if not plan.approval.holds_for(plan.content.digest):
            _log.error("plan_not_as_approved", plan=str(plan.id))
            await self._decide.halt(plan.id, plan.revision, SYSTEM, "what it says is not what was approved")
            return
        known = await self._progress(plan)
        moves = course(plan.content, known, self._gate, now)
        if (moved := next((move for move in moves if isinstance(move, Moved)), None)) is not None:
            because = f"{moved.member.region} stands at version {moved.standing}, not at {moved.expected}"
            _log.warning("plan_halted", plan=str(plan.id), region=moved.member.region)
            await self._decide.halt(plan.id, plan.revision, SYSTEM, because)
        elif all(isinstance(move, Done) for move in moves):
            _log.info("plan_completed", plan=str(plan.id))
            await self._decide.complete(plan.id, plan.revision, SYSTEM)
        else:
            waves = {member.region: wave for wave in plan.content.waves for member in wave.members}
            for move in moves:
                match move:
                    case Climb():
                        await self._climb(
                            plan, waves[move.member.region], move, known[move.member.region].standing, now
                        )
                    case Tell():
                        await self._tell(plan, waves[move.member.region], move)

    async def _climb(self, plan: Plan, wave: Wave, climb: Climb, standing: Region | None, now: datetime) -> None:
        """Once, however often it is tried: it is made on one version of the region."""
        region, version = climb.member.region, standing.version if standing else 0
        content = Content(
            region=region,
            base_version=version,
            policy=climb.rung.policy,
            reason=f"{plan.content.name}, {wave.name}: {climb.rung.name}",
            apply_at=climb.rung.due and climb.due,
        )
        way = direction(standing.policy if standing else None, content.policy)
        change = Change.of_plan(uuid5(plan.id, f"{region}/{version}"), content, way, plan, now)
        outcome = await self._apply.write(None, change, SYSTEM, plan.revision)
        if not isinstance(outcome, Region):
            _log.warning("plan_step_refused", plan=str(plan.id), region=region, why=str(outcome))

    async def _tell(self, plan: Plan, wave: Wave, tell: Tell) -> None:
        current = await self._plans.find(plan.id)
        if current is None or current.revision != plan.revision:
            return  # it was stopped since this round began, and a mail cannot be taken back
        wanted = Wanted(
            region=tell.member.region,
            kind=NoticeKind.ADVANCE_NOTICE,
            at=tell.begins_at,
            time_zone=tell.member.time_zone,
            author=plan.author,
        )
        outcome = await self._announce(announcement_of(plan, wave, tell.member), wanted)
        if not isinstance(outcome, Announced):
            _log.warning("plan_notice_refused", plan=str(plan.id), region=tell.member.region, why=str(outcome))
