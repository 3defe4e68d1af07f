"""What people wish for, near the edges: in minutes from when they do."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from services.rollout.domain.region import Policy
from services.rollout.domain.wish import Bypass, Wish
from shared.events import PolicyMode

DATES: Final = (None, None, datetime(2027, 2, 1, 9, tzinfo=UTC), datetime(2027, 3, 1, 9, tzinfo=UTC))
SHARES: Final = {"off": 0, "shadow": 0, "enforced": 10_000}


@dataclass(frozen=True, slots=True)
class MadeAt:
    """`apply_in` and `lasts` are minutes; `lasts` is of a bypass, from its date on."""

    mode: str
    percent: int = 0
    announce_at: datetime | None = None
    enforce_at: datetime | None = None
    lasts: int = 0
    apply_in: int | None = None
    reason: str = "wave 1"

    def __call__(self, region: str, now: datetime) -> Wish:
        apply_at = None if self.apply_in is None else now + timedelta(minutes=self.apply_in)
        return Wish(region=region, policy=self.policy(apply_at or now), reason=self.reason, apply_at=apply_at)

    def at_once(self, region: str, now: datetime) -> Wish:
        return Wish(region=region, policy=self.policy(now), reason=self.reason)

    def policy(self, now: datetime) -> Policy | Bypass:
        if self.mode == "bypassed":
            return Bypass(now + timedelta(minutes=self.lasts))
        percent = SHARES.get(self.mode, self.percent)
        return Policy(PolicyMode(self.mode), percent, self.announce_at, self.enforce_at)


WISHES: Final = st.builds(
    MadeAt,
    mode=st.sampled_from(["off", "shadow", "ramp", "ramp", "ramp", "enforced", "bypassed", "bypassed"]),
    percent=st.sampled_from([0, 100, 2_500, 10_000]),
    announce_at=st.sampled_from(DATES),
    enforce_at=st.sampled_from(DATES),
    lasts=st.sampled_from([-1, 30, 120, 240, 241]),
    apply_in=st.sampled_from([None, None, None, -60, 1, 60]),
    reason=st.sampled_from(["wave 1", "ümläute"]),
)
