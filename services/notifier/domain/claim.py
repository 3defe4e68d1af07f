"""Who may send a message now, and whether anybody still may. Pure.

A message is idle, being sent under a lease, or accepted. `sends` counts the calls to a provider that may have led to
a mail: a claim adds one in advance, a sure refusal takes it back. A holder that dies leaves its one behind, so a
crash counts like a timeout: nobody can know. After `most_sends` of them nothing more is sent (DESIGN §6).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class SendTerms:
    """`lease`: how long a claim keeps others away; longer than a send and what surrounds it can take.

    `least_life`: with less than this left of the code, its mail is not sent any more (DESIGN §4).
    `kept`: how long a message is remembered after its code has expired; for clocks that differ.
    `closed_kept`: how long it is remembered that a challenge is over; longer than any of its mails can be tried.
    """

    lease: timedelta = timedelta(seconds=15)
    least_life: timedelta = timedelta(minutes=2)
    most_sends: int = 2
    kept: timedelta = timedelta(minutes=5)
    closed_kept: timedelta = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Claimed:
    """It is ours to send, for the length of the lease. `attempt` counts claims and names this one.

    `doubted`: the provider that may have sent it before; NO_PROVIDER (fate.py): one may, and nobody knows which; None:
    for sure it was not sent.
    """

    attempt: int
    doubted: str | None = None


@dataclass(frozen=True, slots=True)
class AlreadySent:
    """A provider accepted it: `attempt` and `at` are of that time."""

    provider: str
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Another instance is sending it; its lease ends after `remaining` at the latest."""

    remaining: timedelta


@dataclass(frozen=True, slots=True)
class Exhausted:
    """It may have been sent, and must not be sent again. `attempt` and `at` are of the last claim; `provider`: who may
    have sent it, if that is known."""

    attempt: int
    at: datetime
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class TooLate:
    """It was never sent, and the code has too little life left. `attempt` is 1 if there was no claim."""

    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """It was never sent, and its challenge is over: nobody waits for it. `attempt` is 1 if there was no claim."""

    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Withheld:
    """Its address is suppressed: not sent now. `attempt` and `at` are of the first time that this was found."""

    attempt: int
    at: datetime


Claim = Claimed | AlreadySent | Held | Exhausted | TooLate | Closed


@dataclass(frozen=True, slots=True)
class Doubt:
    """A send of which nobody knows what became. `another`: one more may be tried."""

    at: datetime
    another: bool
