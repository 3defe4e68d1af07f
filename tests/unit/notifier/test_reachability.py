"""Probes do not become a load on the provider."""

from dataclasses import dataclass

from services.notifier.adapters.reachability import REMEMBERED_S, Reachability


@dataclass
class Door:
    open: bool = True
    knocks: int = 0
    now: float = 0.0

    async def knock(self, address: str) -> bool:
        assert address == "127.0.0.1:38025"
        self.knocks += 1
        return self.open


async def test_many_probes_are_one_knock() -> None:
    door = Door()
    reachable = Reachability("127.0.0.1:38025", door.knock, lambda: door.now)
    assert all([await reachable() for _ in range(100)])
    assert door.knocks == 1


async def test_a_change_is_seen_after_a_few_seconds() -> None:
    door = Door()
    reachable = Reachability("127.0.0.1:38025", door.knock, lambda: door.now)
    assert await reachable()
    door.open, door.now = False, REMEMBERED_S
    assert not await reachable()
