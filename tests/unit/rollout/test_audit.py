"""The audit gives away whoever rewrites it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from services.rollout.domain.audit import AuditAction, AuditEntry, Broken, Chain, Deed, Head, first_broken
from tests.unit.rollout.samples import NOON


def entries(count: int = 4) -> list[AuditEntry]:
    made: list[AuditEntry] = []
    for number in range(count):
        deed = Deed("rosa", AuditAction.CHANGE_DRAFTED, f"change:{number}", "emea", {"percent": number, "why": "é"})
        made.append(AuditEntry.after(head(made), deed, NOON + timedelta(microseconds=number)))
    return made


def head(made: list[AuditEntry]) -> Head:
    return Head(made[-1].number, made[-1].hash) if made else Head()


def test_a_chain_that_nobody_touched_holds() -> None:
    made = entries()
    assert [entry.number for entry in made] == [1, 2, 3, 4]
    assert first_broken(made, head(made)) is None
    assert first_broken([], Head()) is None


def test_the_time_zone_that_a_database_answers_in_changes_nothing() -> None:
    zone, made = timezone(timedelta(hours=9)), entries()
    assert first_broken([replace(entry, at=entry.at.astimezone(zone)) for entry in made], head(made)) is None


Tampering = Callable[[list[AuditEntry]], list[AuditEntry]]
TAMPERINGS: dict[str, tuple[Tampering, int]] = {
    "edited": (lambda it: [it[0], replace(it[1], actor="ben"), *it[2:]], 2),
    "detail": (lambda it: [it[0], replace(it[1], detail={"percent": 9, "why": "é"}), *it[2:]], 2),
    "later": (lambda it: [it[0], replace(it[1], at=it[1].at + timedelta(microseconds=1)), *it[2:]], 2),
    "removed": (lambda it: [it[0], *it[2:]], 2),
    "removed and renumbered": (lambda it: [it[0], *(replace(each, number=each.number - 1) for each in it[2:])], 2),
    "reordered": (lambda it: [it[0], it[2], it[1], it[3]], 2),
    "reordered and renumbered": (lambda it: [it[0], replace(it[2], number=2), replace(it[1], number=3), it[3]], 2),
    "the first removed": (lambda it: it[1:], 1),
    "the last removed": (lambda it: it[:3], 4),
    "all removed": (lambda _: [], 1),
    "resealed": (lambda it: [it[0], _resealed(replace(it[1], actor="ben"), it[0]), *it[2:]], 3),
}


def _resealed(entry: AuditEntry, before: AuditEntry) -> AuditEntry:
    return replace(entry, hash=entry.sealed(before.hash))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_whoever_touches_it_is_found_at_the_first_entry_that_does_not_hold(name: str) -> None:
    tamper, number = TAMPERINGS[name]
    made = entries()
    found = first_broken(tamper(made), head(made))
    assert isinstance(found, Broken)
    assert found.number == number


def broken_beside(noted: Head, made: list[AuditEntry]) -> Broken | None:
    chain = Chain(noted)
    return next(filter(None, map(chain.add, made)), None) or chain.end(head(made))


def test_one_that_was_written_down_gives_away_whoever_seals_all_of_it_anew() -> None:
    made = entries()
    noted = Head(made[1].number, made[1].hash)
    assert broken_beside(noted, made) is None
    assert broken_beside(noted, made[:1]) == Broken(2, "entry 2 was written down elsewhere, and is not there")

    anew: list[AuditEntry] = []
    for entry in (made[0], replace(made[1], actor="ben"), *made[2:]):
        anew.append(replace(entry, hash=entry.sealed(head(anew).hash)))
    assert first_broken(anew, head(anew)) is None
    assert broken_beside(noted, anew) == Broken(2, "another entry was written down elsewhere")
