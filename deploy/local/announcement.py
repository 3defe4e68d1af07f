"""What a person reads when the system is ready. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ADDRESSES = ("auth", "otp", "notifier", "rollout", "mailbox", "kafka", "redis", "postgres")
NOTES = {
    "sso": "has SSO: refused with `use-sso`",
    "own_mfa": "has its own MFA",
    "unknown-region": "region without a policy: always challenged",
}


def announcement(ready: Mapping[str, Any], regions: Mapping[str, Mapping[str, Any]], seconds: float) -> str:
    """`ready` as in the ready file, `regions` as seeded; `seconds` is how long the start took."""
    lines = [
        "",
        f"Gatepost is ready ({seconds:.1f} s).",
        *_section("Addresses", ((name, ready[name]) for name in ADDRESSES)),
        *_section("Regions", ((name, _mode(policy)) for name, policy in regions.items())),
        *_section("Accounts (password, region)", map(_account, ready["accounts"])),
        *_section(
            "Operators (bearer tokens for rollout and /v1/admin of auth and notifier)", ready["operators"].items()
        ),
        *_section("Callers of auth's POST /v1/challenges (bearer tokens)", ready["step_up_callers"].items()),
        "",
        f"Read the mail at {ready['mailbox']}/ · Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def _section(title: str, rows: Iterator[Sequence[str]] | Any) -> Iterator[str]:
    table = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    yield ""
    yield title
    for row in table:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _mode(policy: Mapping[str, Any]) -> str:
    percent = f" {policy['percent'] / 100:g} %" if "percent" in policy else ""
    return f"{policy['mode']}{percent}"


def _account(account: Mapping[str, str]) -> tuple[str, ...]:
    return account["username"], account["password"], account["region"], account["email"], NOTES.get(account["kind"], "")
