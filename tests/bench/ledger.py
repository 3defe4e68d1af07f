"""Which login waits for its mail since when. Pure but for the futures."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Login:
    """Times in monotonic ns, one clock for all processes of a machine. `mailed` ends when the mail is there."""

    account: int
    started: int
    mailed: "asyncio.Future[int]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    code: str | None = None

    @property
    def milliseconds(self) -> float:
        return (self.mailed.result() - self.started) / 1e6


class Ledger:
    """First in, first out for each account; there are far more accounts than logins on their way."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[Login]] = defaultdict(deque)
        self.mails = 0
        self.unexpected = 0

    def expect(self, login: Login) -> None:
        self._waiting[login.account].append(login)

    def withdraw(self, login: Login) -> None:
        """It was refused, or its mail is given up."""
        if login in self._waiting[login.account]:
            self._waiting[login.account].remove(login)

    def mail(self, account: int, started: int | None, now: int, code: str | None) -> None:
        """`started` wins over what was known: the floor's producer takes the time itself."""
        self.mails += 1
        if not self._waiting[account]:
            self.unexpected += 1  # a second mail for one login, or one that came after it was given up
            return
        login = self._waiting[account].popleft()
        login.started = started or login.started
        login.code = code
        login.mailed.set_result(now)
