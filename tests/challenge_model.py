"""What the scripts of the OTP service do, in plain Python: the fake of the unit tests, and what the real ones are held
to, step by step (tests/contracts/otp/test_model.py)."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.otp.adapters.redis_challenges import LEASE_MS, OUTLIVES_MS
from services.otp.domain.challenge import (
    ChallengeRef,
    End,
    Ended,
    Judgement,
    Refusal,
    Resend,
    State,
    Status,
    Verdict,
)
from services.otp.domain.delivery import News
from services.otp.domain.limits import Limits
from services.otp.domain.passcode import Draft
from services.otp.use_cases.issue_passcode import Issued, Refused
from services.otp.use_cases.resend_passcode import Resent
from shared.unavailable import DependencyUnavailable

DAY, MONTH = timedelta(days=1), timedelta(days=30)
OUTLIVES, LEASE = timedelta(milliseconds=OUTLIVES_MS), timedelta(milliseconds=LEASE_MS)


@dataclass
class Record:
    draft: Draft
    client_hash: str
    expires_at: datetime
    state: State = State.OPEN
    attempts: int = 0
    sent_at: list[datetime] = field(default_factory=list)
    news: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    retry_at: datetime | None = None


@dataclass
class Used:
    """By an account, over all its challenges."""

    wrong_at: list[datetime] = field(default_factory=list)
    mailed_at: list[datetime] = field(default_factory=list)
    in_a_row: int = 0


def _ms_now() -> datetime:
    """To the millisecond, as Redis keeps it."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class FakeChallenges:
    def __init__(self, now: Callable[[], datetime] = _ms_now) -> None:
        self._now = now
        self.records: dict[ChallengeRef, Record] = {}
        self.accounts: dict[UUID, Used] = {}
        self.ends: dict[Ended, datetime] = {}
        """Not told yet → when whoever looks for it takes it up."""

    async def issue(
        self, challenge: ChallengeRef, draft: Draft, client_hash: str, expires_at: datetime, limits: Limits
    ) -> Issued | Refused | None:
        now = self._now()
        if now >= expires_at or expires_at > now + DAY:
            return None
        if (known := self._record(challenge)) is not None:
            return Issued(known.draft.ciphertext) if known.state is State.OPEN else None
        used, record = self._used(challenge), Record(draft, client_hash, expires_at)
        self.records[challenge] = record
        mailed = _within(used.mailed_at, now, DAY)
        live = [each for each in self._live(challenge.account_id) if each is not record]
        refusal = None
        if used.in_a_row >= limits.failures_in_a_row:
            refusal = Refused(Refusal.DISABLED, None)
        elif len(mailed) >= limits.mails_per_day:
            refusal = Refused(Refusal.TOO_MANY_MAILS, mailed[-limits.mails_per_day] + DAY)
        elif len(live) >= limits.live_challenges:
            ends = sorted(each.expires_at for each in live)
            refusal = Refused(Refusal.TOO_MANY_CHALLENGES, ends[-limits.live_challenges])
        if refusal is not None:
            record.state = State.DISABLED if refusal.reason is Refusal.DISABLED else State.REFUSED
            record.retry_at = refusal.retry_at
            return refusal
        used.mailed_at.append(now)
        record.sent_at.append(now)
        return Issued(draft.ciphertext)

    async def judge(
        self, challenge: ChallengeRef, client_hash: str, macs: Sequence[tuple[str, bytes]], limits: Limits
    ) -> Judgement:
        now, record = self._now(), self._record(challenge)
        if record is None or record.client_hash != client_hash:
            return Judgement(Verdict.NOT_ISSUED, 0)
        if (closed := self._closed(record)) is not None:
            return Judgement(closed, 0, record.retry_at if closed is Verdict.REFUSED else None)
        used = self._used(challenge)
        if used.in_a_row >= limits.failures_in_a_row:
            return Judgement(Verdict.DISABLED, 0)
        if (retry_at := _guess_at(used, now, limits)) is not None:
            return Judgement(Verdict.ACCOUNT_LOCKED, 0, retry_at)
        if record.draft.pepper_id not in dict(macs):
            raise DependencyUnavailable("peppers")
        if record.attempts >= limits.wrong_per_challenge:  # lowered meanwhile
            return Judgement(Verdict.LOCKED, 0, ended=self._end(challenge, record, End.LOCKED))
        record.attempts += 1
        ended = None
        if right := (record.draft.pepper_id, record.draft.mac) in macs:
            used.in_a_row = 0
            ended = self._end(challenge, record, End.VERIFIED)
        else:
            used.in_a_row += 1
            used.wrong_at.append(now)
            if record.attempts == limits.wrong_per_challenge:
                ended = self._end(challenge, record, End.LOCKED)
        left = min(limits.wrong_per_challenge - record.attempts, _guesses_left(used, now, limits))
        return Judgement(Verdict.VERIFIED if right else Verdict.WRONG, max(0, left), ended=ended)

    async def resend(self, challenge: ChallengeRef, client_hash: str, limits: Limits) -> Resent:
        now, record = self._now(), self._record(challenge)
        if record is None or record.client_hash != client_hash:
            return Resent(Resend.NOT_ISSUED)
        if (closed := self._closed(record)) is not None:
            return Resent(Resend(closed.value), retry_at=record.retry_at if closed is Verdict.REFUSED else None)
        used, cooldown = self._used(challenge), timedelta(milliseconds=limits.cooldown_ms)
        mailed = _within(used.mailed_at, now, DAY)
        if used.in_a_row >= limits.failures_in_a_row:
            return Resent(Resend.DISABLED)
        if (retry_at := _guess_at(used, now, limits)) is not None:
            return Resent(Resend.REFUSED, retry_at=retry_at)
        if len(record.sent_at) > limits.resends:
            return Resent(Resend.NO_MORE)
        if record.expires_at - now < timedelta(milliseconds=limits.least_life_ms):
            return Resent(Resend.TOO_LATE)
        if len(mailed) >= limits.mails_per_day:
            return Resent(Resend.TOO_MANY_MAILS, retry_at=mailed[-limits.mails_per_day] + DAY)
        if record.sent_at[-1] + cooldown > now:
            return Resent(Resend.TOO_SOON, retry_at=record.sent_at[-1] + cooldown)
        used.mailed_at.append(now)
        record.sent_at.append(now)
        following = self._resend_at(challenge, record, limits)
        mail = len(record.sent_at) - 1
        return Resent(
            Resend.SENT, following, mail=mail, ciphertext=record.draft.ciphertext, expires_at=record.expires_at
        )

    async def status(self, challenge: ChallengeRef, limits: Limits) -> Status | None:
        now, record = self._now(), self._record(challenge)
        if record is None:
            return None
        if record.state in (State.REFUSED, State.DISABLED):
            return Status(record.state, 0, record.expires_at, retry_at=record.retry_at)
        used = self._used(challenge)
        left = min(limits.wrong_per_challenge - record.attempts, _guesses_left(used, now, limits))
        over = record.state is State.OPEN and now >= record.expires_at
        state: State = State.EXPIRED if over else record.state
        if state is State.OPEN and used.in_a_row >= limits.failures_in_a_row:
            state, left = State.DISABLED, 0
        retry_at = _guess_at(used, now, limits) if state is State.OPEN else None
        may_resend = state is State.OPEN and retry_at is None
        return Status(
            state,
            attempts_remaining=max(0, left),
            expires_at=record.expires_at,
            mails=tuple(_news(record, mail) for mail in range(len(record.sent_at))),
            resend_available_at=self._resend_at(challenge, record, limits) if may_resend else None,
            retry_at=retry_at,
        )

    async def record_delivery(self, challenge: ChallengeRef, mail: int, rank: int, at: datetime) -> None:
        record = self._record(challenge)
        if record is not None and mail < len(record.sent_at):
            record.news[mail] = max(record.news.get(mail, (rank, at)), (rank, at))

    async def unlock(self, account_id: UUID) -> None:
        self.accounts.setdefault(account_id, Used()).in_a_row = 0

    async def overdue(self) -> AsyncIterator[list[Ended]]:
        now = self._now()
        for challenge, record in self.records.items():
            if record.state is State.OPEN and now >= record.expires_at:
                record.state = State.EXPIRED
                gone = now >= record.expires_at + OUTLIVES
                self.ends[Ended(challenge, End.EXPIRED, None if gone else record.attempts)] = now
        due = [ended for ended, at in self.ends.items() if at <= now]
        self.ends |= dict.fromkeys(due, now + LEASE)
        yield due

    async def forget(self, told: Sequence[Ended]) -> None:
        for ended in told:
            self.ends.pop(ended, None)

    def make_older(self, account_id: UUID, by: timedelta) -> None:
        """The wrong codes of an account, as if so much time had passed."""
        used = self.accounts[account_id]
        used.wrong_at = [at - by for at in used.wrong_at]
        used.mailed_at = [at - by for at in used.mailed_at]

    def _record(self, challenge: ChallengeRef) -> Record | None:
        record = self.records.get(challenge)
        return record if record is not None and self._now() < record.expires_at + OUTLIVES else None

    def _used(self, challenge: ChallengeRef) -> Used:
        return self.accounts.setdefault(challenge.account_id, Used())

    def _live(self, account_id: UUID) -> list[Record]:
        return [
            record
            for challenge, record in self.records.items()
            if challenge.account_id == account_id and record.state is State.OPEN and self._now() < record.expires_at
        ]

    def _closed(self, record: Record) -> Verdict | None:
        if record.state is State.VERIFIED:
            return Verdict.USED
        if self._now() >= record.expires_at:
            return Verdict.EXPIRED
        return None if record.state is State.OPEN else Verdict(record.state.value)

    def _end(self, challenge: ChallengeRef, record: Record, end: End) -> Ended:
        record.state = State(end.value)
        ended = Ended(challenge, end, record.attempts)
        self.ends[ended] = self._now() + LEASE
        return ended

    def _resend_at(self, challenge: ChallengeRef, record: Record, limits: Limits) -> datetime | None:
        if len(record.sent_at) > limits.resends:
            return None
        mailed = _within(self._used(challenge).mailed_at, self._now(), DAY)
        at = max(self._now(), record.sent_at[-1] + timedelta(milliseconds=limits.cooldown_ms))
        if len(mailed) >= limits.mails_per_day:
            at = max(at, mailed[-limits.mails_per_day] + DAY)
        return at if record.expires_at - at >= timedelta(milliseconds=limits.least_life_ms) else None


def _within(times: list[datetime], now: datetime, window: timedelta) -> list[datetime]:
    return [at for at in times if at > now - window]


def _guesses_left(used: Used, now: datetime, limits: Limits) -> int:
    day, month = (len(_within(used.wrong_at, now, window)) for window in (DAY, MONTH))
    return max(0, min(limits.wrong_per_day - day, limits.wrong_per_30_days - month))


def _guess_at(used: Used, now: datetime, limits: Limits) -> datetime | None:
    """When the windows that are full have room again."""
    waits = [
        within[-most] + window
        for window, most in ((DAY, limits.wrong_per_day), (MONTH, limits.wrong_per_30_days))
        if len(within := _within(used.wrong_at, now, window)) >= most
    ]
    return max(waits, default=None)


def _news(record: Record, mail: int) -> News:
    return News.of_rank(*record.news[mail]) if mail in record.news else News()
