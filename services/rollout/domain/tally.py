"""Counts of a region by the moment of the challenge: in slots of five seconds, and in minutes to add up fast. Pure."""

import math
from collections import defaultdict
from typing import Final, Literal

from services.rollout.domain.challenge_facts import ChallengeFacts, Counts

SLOT_S: Final = 5
SLOTS_A_MINUTE: Final = 60 // SLOT_S


def slot_at(seconds: float) -> int:
    """The slot that a moment (seconds since 1970) lies in."""
    return math.floor(seconds / SLOT_S)


def minute_of(slot: int) -> int:
    return slot // SLOTS_A_MINUTE


class Tally:
    def __init__(self) -> None:
        self._slots: defaultdict[int, Counts] = defaultdict(Counts)
        self._minutes: defaultdict[int, Counts] = defaultdict(Counts)

    def count(self, facts: ChallengeFacts, sign: Literal[1, -1]) -> None:
        slot = slot_at(facts.at)
        self._slots[slot].count(facts, sign)
        self._minutes[minute_of(slot)].count(facts, sign)

    def between(self, first: int, end: int) -> Counts:
        """Of the slots from `first` on, up to and without `end`."""
        total, slot = Counts(), first
        while slot < end:
            whole = slot % SLOTS_A_MINUTE == 0 and slot + SLOTS_A_MINUTE <= end
            found = self._minutes.get(minute_of(slot)) if whole else self._slots.get(slot)
            if found is not None:
                total.add(found)
            slot += SLOTS_A_MINUTE if whole else 1
        return total

    def forget(self, minute: int) -> None:
        self._minutes.pop(minute, None)
        for slot in range(minute * SLOTS_A_MINUTE, (minute + 1) * SLOTS_A_MINUTE):
            self._slots.pop(slot, None)
