"""Options that several commands have, and how what is typed becomes what rollout reads."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

import typer


class Mode(StrEnum):
    OFF = "off"
    SHADOW = "shadow"
    RAMP = "ramp"
    ENFORCED = "enforced"


NONE: Final = "none"  # takes a date away
EVERYBODY: Final = 10_000  # basis points
_PERCENT: Final = re.compile(r"\d{1,3}(\.\d{1,2})?%?", re.ASCII)
_LENGTH: Final = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,3})m)?", re.ASCII)


def basis_points(text: str) -> int:
    """`12.5` or `12.5%`: percent with two decimals at most."""
    if _PERCENT.fullmatch(text) is None or (points := int(Decimal(text.removesuffix("%")) * 100)) > EVERYBODY:
        raise typer.BadParameter("0 to 100 percent, with two decimals at most")
    return points


def moment(text: str) -> str:
    """As RFC 3339, in UTC; `none` stays what it is."""
    if text == NONE:
        return text
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("without an offset it says no moment")
        return found.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise typer.BadParameter("a date and time with its offset, such as 2027-02-01T09:00:00+01:00") from None


def length(text: str) -> timedelta:
    """`2h`, `90m`, `1h30m`."""
    found = _LENGTH.fullmatch(text)
    if not text or found is None:
        raise typer.BadParameter("hours and minutes, such as 2h, 90m or 1h30m")
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))


ModeArgument = Annotated[Mode, typer.Argument(metavar="MODE", help="off, shadow, ramp or enforced")]
Percent = Annotated[
    int | None, typer.Option(parser=basis_points, metavar="PERCENT", help="with ramp: share of the accounts, 12.5")
]
AnnounceAt = Annotated[
    str | None,
    typer.Option(parser=moment, metavar="TIME", help="when people are told; default: as it stands; `none`: no date"),
]
EnforceAt = Annotated[
    str | None,
    typer.Option(parser=moment, metavar="TIME", help="when it holds for everybody; default: as it stands; or `none`"),
]
ApplyAt = Annotated[
    str | None,
    typer.Option(parser=moment, metavar="TIME", help="not before then; `none`: as soon as somebody applies it"),
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="why; stands in the audit: 3 to 500 characters")]
NewReason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="default: as before")]
Region = Annotated[str, typer.Argument(metavar="REGION")]
ChangeId = Annotated[str, typer.Argument(metavar="CHANGE", help="its id, or at least 4 characters that it begins with")]
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="its id, or at least 4 characters that it begins with")]
Revision = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="only if it still stands there; default: as it is read now")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what it would do, and whom it would ask; do nothing")]
Wait = Annotated[bool, typer.Option("--wait", help="until every instance of auth has it")]
Timeout = Annotated[int, typer.Option(min=1, max=86_400, metavar="SECONDS", help="for how long it waits")]
LongTimeout = Annotated[
    int | None, typer.Option("--timeout", min=1, metavar="SECONDS", help="for how long; default: without an end")
]
Limit = Annotated[int, typer.Option(min=1, max=200, metavar="N", help="so many, the newest")]
Cursor = Annotated[str | None, typer.Option(metavar="CURSOR", help="`next` of the page before")]
Version = Annotated[
    int | None, typer.Option("--version", min=1, metavar="N", help="only if it still stands; default: as it is read")
]
