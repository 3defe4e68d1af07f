"""What a running plan does next, from where its regions stand. Pure: it forgets nothing, since it remembers nothing.

The rules, of which the first that says no is told:

1. A region that stands at another version than the plan left it at halts the plan.
2. While a region of the plan is paused, or bypassed, the whole plan waits.
3. A rung is climbed at its date, and no sooner after the rung below than `step_every`: whoever comes late, after an
   outage or a pause, climbs one rung at a time.
4. Nobody is asked for a code before people were told, and as long after that as planned.
5. A region asks its first people once every region of the waves before is enforced and passes the guard's evaluation;
   and more people, once it passes with those that it asks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.rollout.domain.move import Climb, Done, Move, Moved, Progress, Tell, Wait, Waiting
from services.rollout.domain.plan_content import PlanContent
from services.rollout.domain.region import Region, after_bypass
from services.rollout.domain.verdict import Result, Verdict
from services.rollout.domain.wall_clock import later, moment
from services.rollout.domain.wave import Member, Rung, RungName, Wave
from shared.events import PolicyMode

Gate = Callable[[Wave, Region, datetime], Verdict]
"""What the guard says of a region, by the thresholds of its wave, on what happened since then."""


def course(content: PlanContent, progress: Mapping[str, Progress], gate: Gate, now: datetime) -> list[Move]:
    """One move of each region, in the order of the plan. `progress` knows every region of the plan."""
    return list(_Course(content, progress, gate, now).moves())


@dataclass(frozen=True, slots=True)
class _Bar:
    why: Waiting
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class _Course:
    content: PlanContent
    progress: Mapping[str, Progress]
    gate: Gate
    now: datetime
    # By the number of a wave. A verdict takes milliseconds, and each region of a wave would ask for the same ones.
    bars: dict[int, _Bar | None] = field(default_factory=dict)

    def moves(self) -> Iterator[Move]:
        hindrance = self._hindrance()
        for number, wave in enumerate(self.content.waves):
            for member in wave.members:
                move = self._of_region(number, wave, member)
                match move:
                    case Climb(member, rung) | Wait(member, rung) if hindrance:
                        yield Wait(member, rung, hindrance)
                    case Tell(member) if hindrance:
                        yield Wait(member, None, hindrance)
                    case _:
                        yield move

    def _hindrance(self) -> Waiting | None:
        """What holds the whole plan."""
        if any(known.paused for known in self.progress.values()):
            return Waiting.PAUSE
        standings = [known.standing.policy for known in self.progress.values() if known.standing]
        bypassed = any(policy.bypass_until and self.now < policy.bypass_until for policy in standings)
        return Waiting.BYPASS if bypassed else None

    def _of_region(self, number: int, wave: Wave, member: Member) -> Move:
        known = self.progress[member.region]
        standing = known.standing
        version, expected = standing.version if standing else 0, max(member.base_version, known.left_at or 0)
        if version != expected:
            return Moved(member, expected, version)
        policy = standing.policy if standing else None
        rung = None if _done(standing) else next((r for r in wave.ladder(member, policy) if not r.passed(policy)), None)
        if rung is None:
            return Done(member)
        if rung.name is not RungName.DATED and known.begins_at is None and wave.announce_at is not None:
            told_at = moment(wave.announce_at, member.time_zone)
            if told_at <= self.now:
                return Tell(member, self._begins_at(wave, member))
            if rung.asks:
                return Wait(member, rung, Waiting.NOTICE, told_at)
        why, due = max(self._dates(wave, member, rung), key=lambda date: date[1], default=(Waiting.DATE, self.now))
        if due > self.now:
            return Wait(member, rung, why, due)
        return self._barred(number, wave, member, rung) or Climb(member, rung, due)

    def _begins_at(self, wave: Wave, member: Member) -> datetime:
        """Late notice is as long as planned."""
        notice = wave.notice
        assert notice is not None  # asked for waves that tell people alone
        zone = member.time_zone
        return max(moment(wave.begin_at, zone), later(self.now, notice, zone))

    def _dates(self, wave: Wave, member: Member, rung: Rung) -> Iterator[tuple[Waiting, datetime]]:
        """Before which it is not climbed."""
        known = self.progress[member.region]
        if rung.due is None:
            return
        yield Waiting.DATE, rung.due
        if rung.asks and known.begins_at is not None:
            yield Waiting.NOTICE, known.begins_at
        standing = known.standing
        if standing is not None and after_bypass(standing.policy).mode in (PolicyMode.SHADOW, PolicyMode.RAMP):
            climbed = max(standing.changed_at, standing.policy.bypass_until or standing.changed_at)
            yield Waiting.INTERVAL, later(climbed, wave.step_every, member.time_zone)

    def _barred(self, number: int, wave: Wave, member: Member, rung: Rung) -> Wait | None:
        """By a gate."""
        if not rung.asks:
            return None
        standing = self.progress[member.region].standing
        if standing is not None and standing.policy.percent > 0:
            verdict = self._judged(wave, standing)
            passed = verdict.result is Result.PASS
            return None if passed else Wait(member, rung, Waiting.OWN_GATE, verdict=verdict)
        bar = self._bar_before(number)
        return None if bar is None else Wait(member, rung, bar.why, verdict=bar.verdict)

    def _bar_before(self, number: int) -> _Bar | None:
        """Why the waves before this one are not through."""
        if number == 0:
            return None
        if number not in self.bars:
            self.bars[number] = self._bar_before(number - 1) or self._bar_of(self.content.waves[number - 1])
        return self.bars[number]

    def _bar_of(self, wave: Wave) -> _Bar | None:
        for member in wave.members:
            standing = self.progress[member.region].standing
            if standing is None or not _done(standing):
                return _Bar(Waiting.EARLIER_WAVE)
            if (verdict := self._judged(wave, standing)).result is not Result.PASS:
                return _Bar(Waiting.EARLIER_GATE, verdict)
        return None

    def _judged(self, wave: Wave, standing: Region) -> Verdict:
        """On how it fared at this rung: since it was climbed, or the last pause ended."""
        resumed_at = self.progress[standing.name].resumed_at
        return self.gate(wave, standing, max(standing.changed_at, resumed_at or standing.changed_at))


def _done(standing: Region | None) -> bool:
    return standing is not None and after_bypass(standing.policy).mode is PolicyMode.ENFORCED
