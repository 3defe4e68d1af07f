"""The challenges of the last hours, each counted once, at the moment at which it was asked for. Pure.

Three topics tell of a challenge, in any order and more than once: its facts are kept by its id until it is forgotten,
and every fact goes to the moment and the region of the challenge, however late it comes. Only a login that was asked
for a code makes it count; what is told of others is kept as a stray, in case the login is told of later.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final, Literal
from uuid import UUID

from services.rollout.domain.challenge_facts import ChallengeFacts, Counts, End
from services.rollout.domain.tally import SLOT_S, SLOTS_A_MINUTE, Tally, minute_of, slot_at
from shared.events import Outcome

KEPT_S: Final = 3 * 3600
MOST: Final = 500_000  # 46 a second over three hours; docs/decisions/0024 says what they take
_MOST_SLOTS: Final = KEPT_S // SLOT_S
_AHEAD_S: Final = 300  # clocks differ; what is further ahead would be kept until its time has come

_TAKEN: Final = frozenset({Outcome.ACCEPTED, Outcome.DELIVERED})


class ObservedChallenges:
    """Times in seconds since 1970; `told_at`: when Kafka took the event. Counts nothing from before `floor`, a slot:
    what was there is forgotten in part."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._facts: dict[int, ChallengeFacts] = {}
        self._tallies: defaultdict[str | None, Tally] = defaultdict(Tally)  # None: of all regions
        self._by_minute: defaultdict[int, list[int]] = defaultdict(list)
        self._strays: deque[tuple[int, int]] = deque()
        self._floor = 0

    def __len__(self) -> int:
        return len(self._facts)

    @property
    def floor(self) -> int:
        return self._floor * SLOTS_A_MINUTE

    def knows(self, challenge_id: UUID) -> bool:
        """Whether it counts already."""
        facts = self._facts.get(challenge_id.int)
        return facts is not None and facts.region is not None

    def asked(self, challenge_id: UUID, region: str, at: float, now: float) -> None:
        minute = minute_of(slot_at(at))
        if minute < self._floor or at > now + _AHEAD_S:
            return
        known = self._facts.get(challenge_id.int)
        if known is None or known.region is None or at < known.at:
            self._by_minute[minute].append(challenge_id.int)
        self._learn(challenge_id, at, lambda facts: facts.asked(region, at))

    def mailed(self, challenge_id: UUID, outcome: Outcome, provider: str, at: float, told_at: float) -> None:
        def learn(facts: ChallengeFacts) -> None:
            if outcome in _TAKEN:
                facts.taken(at, provider)
            facts.delivered = facts.delivered or outcome is Outcome.DELIVERED
            facts.bounced = facts.bounced or outcome is Outcome.BOUNCED

        self._learn(challenge_id, told_at, learn)

    def closed(self, challenge_id: UUID, end: End, told_at: float) -> None:
        self._learn(challenge_id, told_at, lambda facts: facts.ended(end))

    def between(self, region: str | None, first: int, end: int) -> Counts:
        """Of the slots from `first` on, up to and without `end`; `region` None: of all together."""
        tally = self._tallies.get(region)
        return tally.between(max(first, self.floor, end - _MOST_SLOTS), end) if tally else Counts()

    def forget_before(self, seconds: float) -> None:
        self._raise_floor(minute_of(slot_at(seconds)))

    def _learn(self, challenge_id: UUID, told_at: float, learn: Callable[[ChallengeFacts], None]) -> None:
        known = self._facts.get(challenge_id.int)
        facts = known or ChallengeFacts()
        self._count(facts, -1)
        learn(facts)
        self._count(facts, +1)
        if known is None:
            self._facts[challenge_id.int] = facts
            if facts.region is None:
                self._strays.append((minute_of(slot_at(told_at)), challenge_id.int))
        while len(self._facts) > self._most:
            self._raise_floor(self._oldest() + 1)

    def _count(self, facts: ChallengeFacts, sign: Literal[1, -1]) -> None:
        if facts.region is not None:
            self._tallies[facts.region].count(facts, sign)
            self._tallies[None].count(facts, sign)

    def _oldest(self) -> int:
        """A stray may belong to any challenge before it was told of."""
        known = min(self._by_minute, default=None)
        stray = self._strays[0][0] if self._strays else None
        return min(minute for minute in (known, stray) if minute is not None)

    def _raise_floor(self, floor: int) -> None:
        self._floor = max(self._floor, floor)
        for minute in [minute for minute in self._by_minute if minute < self._floor]:
            for challenge in self._by_minute.pop(minute):
                self._forget(challenge, self._before_floor)
            for tally in self._tallies.values():
                tally.forget(minute)
        while self._strays and self._strays[0][0] < self._floor:
            self._forget(self._strays.popleft()[1], lambda facts: facts.region is None)

    def _before_floor(self, facts: ChallengeFacts) -> bool:
        return minute_of(slot_at(facts.at)) < self._floor

    def _forget(self, challenge: int, still: Callable[[ChallengeFacts], bool]) -> None:
        facts = self._facts.get(challenge)
        if facts is not None and still(facts):
            del self._facts[challenge]
