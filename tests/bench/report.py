"""The figures as a table for people and as JSON for whoever compares runs. Medians over the rounds."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from statistics import median
from typing import Any

from tests.bench.codes_report import codes_rows
from tests.bench.hanging import hanging_rows
from tests.bench.load import Run
from tests.bench.mails_report import mails_rows, notices_rows
from tests.bench.plan import Figures, Part, Plan
from tests.bench.preview import preview_rows
from tests.bench.propagation import propagation_rows
from tests.bench.session_report import session_rows

CHEAPEST = "Argon2id at its cheapest (8 KiB, 1 pass)"
DEFAULT = "Argon2id as by default (19 MiB, 2 passes)"


def frame(plan: Plan, kafka: str) -> dict[str, Any]:
    """What holds for all parts."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "kafka": kafka, "telemetry": "off"}
    return {"machine": machine, "plan": vars(plan), "argon2": CHEAPEST}


def logins_document(figures: Mapping[str, Figures]) -> dict[str, Any]:
    """`figures` of `system` and `floor`."""
    parts = [part for side in figures.values() for part in (*side.latency, *side.steady, *side.highest)]
    return {
        "sides": {name: _side(side) for name, side in figures.items()},
        "ratio_p50": [
            _round(mine.run.percentile(50) / floor.run.percentile(50))
            for mine, floor in zip(figures["system"].latency, figures["floor"].latency, strict=True)
        ],
        "refused": sum(part.run.refused for part in parts),
        "lost": sum(part.run.lost for part in parts),
        "generator_cores_at_most": _round(max(part.generator for part in parts)),
        "others_cores": _round(median(part.others for part in parts)),
        "others_cores_at_most": _round(max(part.others for part in parts)),
        "generator_late_ms_at_most": _round(max(part.run.late_ms for part in parts)),
    }


def _side(side: Figures) -> dict[str, Any]:
    return {
        "idle_cpu_ms_per_second": _rounded(side.idle),
        "latency": _parts(side.latency),
        "steady": _parts(side.steady),
        "highest": _parts(side.highest),
        "default_argon2": _part(side.default_argon2) if side.default_argon2 else None,
    }


def _parts(parts: list[Part]) -> dict[str, Any]:
    rounds = [_part(part) for part in parts]
    middle = {name: _round(median(one[name] for one in rounds)) for name in ("p50_ms", "p99_ms", "per_second")}
    cpu = {name: _round(median(part.cpu[name] for part in parts)) for name in parts[0].cpu}
    return {"median": {**middle, "cpu_ms": cpu, "cpu_ms_sum": _round(sum(cpu.values()))}, "rounds": rounds}


def _part(part: Part) -> dict[str, Any]:
    run: Run = part.run
    return {
        "logins": len(run.milliseconds),
        "per_second": _round(run.per_second),
        "p50_ms": _round(run.percentile(50)),
        "p99_ms": _round(run.percentile(99)),
        "cpu_ms": _rounded(part.cpu),
        "refused": run.refused,
        "lost": run.lost,
        "others_cores": _round(part.others),
    }


def table(bench: Mapping[str, Any]) -> str:
    """What `make bench` prints, from the document: of each part that was measured."""
    rows = {
        "sides": (_rows, _foot),
        "sessions": (session_rows, codes_rows),
        "mails": (mails_rows,),
        "notices": (notices_rows,),
        "hanging": (hanging_rows,),
        "propagation": (propagation_rows,),
        "previews": (preview_rows,),
    }
    measured = (some(bench) for part, each in rows.items() if part in bench for some in each)
    last = f"Mails too many: {bench['unexpected']}."
    return "\n".join((*_head(bench), *chain.from_iterable(measured), "", last))


def _head(bench: Mapping[str, Any]) -> Iterator[str]:
    machine = bench["machine"]
    yield ""
    yield f"Gatepost on {machine['kafka']}, {machine['cores']} cores, Python {machine['python']}, telemetry off."
    yield f"Medians of {bench['plan']['rounds']} rounds, system and floor in turns. {bench['argon2']}."


def _rows(bench: Mapping[str, Any]) -> Iterator[str]:
    mine, floor, plan = bench["sides"]["system"], bench["sides"]["floor"], bench["plan"]

    def row(label: str, value: Callable[[Mapping[str, Any]], float]) -> str:
        ratio = f"{value(mine) / value(floor):8.2f}" if value(floor) else f"{'-':>8}"
        return f"{label:44}{value(mine):10.2f}{value(floor):10.2f}{ratio}"

    yield ""
    yield f"{'':44}{'system':>10}{'floor':>10}{'ratio':>8}"
    at_rate = f"at {plan['latency_rate']:g} logins/s"
    yield row(f"login → provider, {at_rate}: p50 ms", lambda side: side["latency"]["median"]["p50_ms"])
    yield row(f"login → provider, {at_rate}: p99 ms", lambda side: side["latency"]["median"]["p99_ms"])
    yield row("highest sustained logins/s", lambda side: side["highest"]["median"]["per_second"])
    yield row("  login → provider there: p99 ms", lambda side: side["highest"]["median"]["p99_ms"])
    for part, when in (
        ("latency", at_rate),
        ("steady", f"at {plan['steady_rate']:g} logins/s"),
        ("highest", "at the highest"),
    ):
        yield row(f"CPU ms per login, {when}", lambda side, part=part: side[part]["median"]["cpu_ms_sum"])  # type: ignore[misc]
        for one, other in zip(_cpu(mine, part), _cpu(floor, part), strict=True):
            yield f"  {one[0]:42}{one[1]:10.2f}{other[1]:10.2f}        ({other[0]})"
    yield row("CPU ms per idle second", lambda side: sum(side["idle_cpu_ms_per_second"].values()))


def _cpu(side: Mapping[str, Any], part: str) -> list[tuple[str, float]]:
    return list(side[part]["median"]["cpu_ms"].items())


def _foot(bench: Mapping[str, Any]) -> Iterator[str]:
    slow = bench["sides"]["system"]["default_argon2"]
    yield ""
    if slow:
        times = f"p50 {slow['p50_ms']:.2f} ms, p99 {slow['p99_ms']:.2f} ms"
        yield f"{DEFAULT}: {times}; auth {slow['cpu_ms']['auth']:.2f} ms CPU."
    yield f"Ratio of p50 by round: {', '.join(f'{ratio:.2f}' for ratio in bench['ratio_p50'])}."
    yield f"Refused {bench['refused']}, without a mail {bench['lost']}."
    yield (
        f"The load generator took at most {bench['generator_cores_at_most']:.2f} cores"
        f" and was at most {bench['generator_late_ms_at_most']:.1f} ms behind."
    )
    yield (
        f"Other work on this machine took {bench['others_cores']:.2f} cores"
        f" (median; at most {bench['others_cores_at_most']:.2f}): near 0, or the figures are of something else."
    )


def _round(value: float) -> float:
    return round(value, 3)


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: _round(value) for name, value in values.items()}
