"""Announcing to a region: what is refused, and that a repeat announces nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.rollout.domain.announcement import FARTHEST, Announcement, AnnouncementObjection
from services.rollout.domain.audit import AuditAction, Deed
from services.rollout.domain.region import LONGEST_BYPASS
from services.rollout.use_cases.announce import Announce, Announced, Entered, NotAnnounced
from shared.events import AnnouncementDue, Event, NoticeKind
from tests.clock import Clock
from tests.unit.rollout.fakes import FakeAnnouncements, FakeDatabase
from tests.unit.rollout.samples import DAY, NOON, region, wanted

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
WEEK = NOON + 7 * DAY
BYPASS: dict[str, Any] = {"kind": NoticeKind.BYPASS_ACTIVE, "at": NOON - HOUR, "until": NOON + HOUR}


class World:
    def __init__(self, announcements: type[FakeAnnouncements] = FakeAnnouncements) -> None:
        self.database = FakeDatabase({"emea": [region()]})
        self.announcements = announcements(self.database)
        self.clock = Clock(NOON)
        self.announce = Announce(self.announcements, self.clock)

    @property
    def told(self) -> list[Event]:
        return [pending.event for pending in self.database.waiting]


@pytest.mark.parametrize(
    ("changes", "objection"),
    [
        ({"at": NOON + SECOND}, None),
        ({"at": NOON}, AnnouncementObjection.PAST),
        ({"at": NOON + FARTHEST}, None),
        ({"at": NOON + FARTHEST + SECOND}, AnnouncementObjection.TOO_FAR),
        ({"until": WEEK + HOUR}, AnnouncementObjection.UNTIL_WITHOUT_BYPASS),
        ({"expires_at": WEEK}, None),
        ({"expires_at": WEEK + SECOND}, AnnouncementObjection.EXPIRES),
        ({"expires_at": NOON}, AnnouncementObjection.EXPIRES),
        (BYPASS, None),
        (BYPASS | {"until": None}, AnnouncementObjection.BYPASS_NEEDS_UNTIL),
        (BYPASS | {"until": NOON}, AnnouncementObjection.BYPASS_OVER),
        (BYPASS | {"at": NOON, "until": NOON + LONGEST_BYPASS}, None),
        (BYPASS | {"at": NOON, "until": NOON + LONGEST_BYPASS + SECOND}, AnnouncementObjection.BYPASS_LENGTH),
        (BYPASS | {"at": NOON + HOUR, "until": NOON + HOUR}, AnnouncementObjection.BYPASS_LENGTH),
        (BYPASS | {"at": NOON + FARTHEST + SECOND}, AnnouncementObjection.TOO_FAR),
        (BYPASS | {"expires_at": NOON + HOUR + SECOND}, AnnouncementObjection.EXPIRES),
    ],
)
async def test_what_is_refused_is_not_told(changes: dict[str, Any], objection: AnnouncementObjection | None) -> None:
    world = World()
    outcome = await world.announce(uuid4(), wanted(**changes))

    assert outcome == objection if objection else isinstance(outcome, Announced)
    assert len(world.told) == (0 if objection else 1)


@pytest.mark.parametrize(("changes", "expires_at"), [({}, WEEK), (BYPASS, NOON + HOUR)])
async def test_nobody_is_mailed_of_what_has_begun_or_of_a_bypass_that_is_over(
    changes: dict[str, Any], expires_at: object
) -> None:
    world = World()
    await world.announce(uuid4(), wanted(**changes))
    (event,) = world.told

    assert isinstance(event, AnnouncementDue)
    assert event.expires_at == expires_at


async def test_the_same_again_is_answered_and_told_to_nobody_even_after_its_date() -> None:
    world, announcement_id = World(), uuid4()
    first = await world.announce(announcement_id, wanted())
    world.clock.advance(30 * DAY)
    again = await world.announce(announcement_id, wanted(author="ben", expires_at=WEEK))

    assert isinstance(first, Announced)
    assert again == Announced(first.announcement, again=True)
    assert len(world.told) == 1


@pytest.mark.parametrize("changes", [{"at": WEEK + HOUR}, {"time_zone": "UTC"}, {"expires_at": WEEK - HOUR}, BYPASS])
async def test_an_id_stands_for_one_announcement(changes: dict[str, Any]) -> None:
    world, announcement_id = World(), uuid4()
    await world.announce(announcement_id, wanted())

    assert await world.announce(announcement_id, wanted(**changes)) is NotAnnounced.OTHER_CONTENT
    assert len(world.told) == 1


async def test_an_unknown_region_is_told_nothing() -> None:
    world = World()

    assert await world.announce(uuid4(), wanted(region="apac")) is NotAnnounced.UNKNOWN_REGION
    assert world.told == []


class OvertakenAnnouncements(FakeAnnouncements):
    """Somebody else enters the same just before."""

    async def add(self, announcement: Announcement, event: Event, deed: Deed) -> Entered:
        assert await super().add(announcement, event, deed) is Entered.ADDED
        return await super().add(announcement, event, deed)


async def test_of_two_at_once_one_announces() -> None:
    world, announcement_id = World(OvertakenAnnouncements), UUID(int=1)
    outcome = await world.announce(announcement_id, wanted())

    assert isinstance(outcome, Announced)
    assert outcome.again
    assert len(world.told) == 1


async def test_the_audit_is_told_who_announced_what() -> None:
    world = World()
    announcement_id = uuid4()
    await world.announce(announcement_id, wanted())
    await world.announce(announcement_id, wanted())
    (deed,) = world.announcements.deeds
    assert (deed.actor, deed.action, deed.region) == ("rosa", AuditAction.ANNOUNCED, "emea")
    assert deed.subject == f"announcement:{announcement_id}"
    assert deed.detail["kind"] == NoticeKind.ADVANCE_NOTICE
