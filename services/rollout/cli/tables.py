"""Regions, changes and instances as tables."""

from collections.abc import Sequence

from rich.table import Table

from services.rollout.cli.exits import Json
from services.rollout.cli.screen import fields, table
from services.rollout.cli.wording import NOTHING, minute, policy, short, styled, value, when


def regions(found: Sequence[Json]) -> Table:
    rows = (
        (each["region"], str(each["version"]), policy(each), minute(each["enforce_at"]), minute(each["changed_at"]),
         each["changed_by"])
        for each in found
    )  # fmt: skip
    return table(("region", "version", "policy", "everybody from (UTC)", "changed at (UTC)", "by"), rows)


def region(found: Json) -> Table:
    return fields(
        (
            ("region", found["region"]),
            ("version", str(found["version"])),
            ("policy", policy(found)),
            ("announced at", when(found["announce_at"])),
            ("everybody from", when(found["enforce_at"])),
            ("reason", found["reason"]),
            ("changed by", found["changed_by"]),
            ("changed at", when(found["changed_at"])),
            ("by change", found["change_id"]),
        )
    )


def changes(found: Sequence[Json]) -> Table:
    rows = (
        (short(each["id"]), each["region"], styled(each["state"]), policy(each["policy"]), minute(each["changed_at"]),
         each["author"], each["reason"])
        for each in found
    )  # fmt: skip
    return table(("change", "region", "state", "policy", "changed at (UTC)", "author", "reason"), rows)


def change(found: Json) -> Table:
    return fields(
        (
            ("change", found["id"]),
            ("revision", str(found["revision"])),
            ("state", styled(found["state"])),
            ("because", found["ended_because"]),
            ("region", f"{found['region']}, on version {found['base_version']}"),
            ("policy", policy(found["policy"])),
            ("direction", found["direction"]),
            ("not before", when(found["apply_at"])),
            ("reason", found["reason"]),
            ("written by", ", ".join(found["authors"])),
            ("approved by", found["approved_by"]),
            ("changed at", when(found["changed_at"])),
        )
    )


def differences(found: Sequence[Json]) -> Table:
    rows = (
        (each["field"], value(each["field"], each["before"]), value(each["field"], each["after"])) for each in found
    )
    return table(("field", "stands", "wanted"), rows)


def propagation(found: Json) -> Table:
    rows = (
        (each["name"], str(each["version"] or NOTHING), styled(each["standing"]), styled(each["state"]),
         NOTHING if each["latency_ms"] is None else f"{each['latency_ms']} ms")
        for each in found["instances"]
    )  # fmt: skip
    return table(("instance", "version", "standing", "state", "after"), rows)


def audit(found: Sequence[Json]) -> Table:
    rows = (
        (str(each["number"]), minute(each["at"]), each["actor"], each["action"], each["region"] or NOTHING,
         short(each["subject"]), str(each["detail"].get("because") or each["detail"].get("reason") or NOTHING))
        for each in found
    )  # fmt: skip
    return table(("entry", "at (UTC)", "by", "action", "region", "subject", "reason"), rows)
