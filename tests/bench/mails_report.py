"""The lines of `make bench` on the notifier: what a mail costs, and what a backlog of notices does to a code."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from tests.bench.load import Run
from tests.bench.mails import MailSample
from tests.bench.notices import CodesAmong


def mails_document(samples: Mapping[str, Sequence[MailSample]]) -> dict[str, Any]:
    """By name: the medians, and the rounds."""
    return {
        name: {**_rounded({figure: median(vars(one)[figure] for one in rounds) for figure in vars(rounds[0])}),
               "rounds": [_rounded(vars(one)) for one in rounds]}
        for name, rounds in samples.items()
    }  # fmt: skip


def notices_document(samples: Mapping[str, Sequence[CodesAmong]]) -> dict[str, Any]:
    """Percentiles of all rounds together; the ratios of `among` to `idle` of them, and round by round."""
    found = {name: _codes(rounds) for name, rounds in samples.items()}
    pairs = list(zip(samples["among"], samples["idle"], strict=True))
    return {
        **found,
        "ratio_p50": round(found["among"]["p50_ms"] / found["idle"]["p50_ms"], 3),
        "ratio_p99": round(found["among"]["p99_ms"] / found["idle"]["p99_ms"], 3),
        "ratio_p99_rounds": [round(one.run.percentile(99) / other.run.percentile(99), 3) for one, other in pairs],
    }


def _codes(rounds: Sequence[CodesAmong]) -> dict[str, Any]:
    runs = [each.run for each in rounds]
    taken = sorted(each for run in runs for each in run.milliseconds)
    together = Run(sum(run.seconds for run in runs), taken, 0, 0, 0.0)
    return {
        "logins": len(taken),
        "p50_ms": round(together.percentile(50), 3),
        "p99_ms": round(together.percentile(99), 3),
        "refused": sum(run.refused for run in runs),
        "lost": sum(run.lost for run in runs),
        "notices_per_second": round(sum(each.notices for each in rounds) / together.seconds, 1),
        "notices_left_at_least": min(each.left for each in rounds),
        "others_cores": round(median(each.others for each in rounds), 3),
    }


def mails_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    mails = bench["mails"]
    yield ""
    yield f"{'notifier | a bare consumer that posts':44}{'mails/s':>16}{'CPU ms each':>16}{'cores':>14}"
    for delay_ms in bench["plan"]["provider_ms"]:
        mine, bare = mails[f"mails_{delay_ms}ms"], mails[f"bare_mails_{delay_ms}ms"]
        cells = (f"{mine[name]:.{digits}f} | {bare[name]:.{digits}f}" for name, digits in FIGURES.items())
        label = f"{bench['plan']['mails']:,} at once, provider {delay_ms} ms"
        yield f"{label:44}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, (16, 16, 14), strict=True))


FIGURES = {"per_second": 0, "cpu_ms": 3, "cores": 2}  # digits


def notices_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    found, plan = bench["notices"], bench["plan"]
    idle, among = found["idle"], found["among"]
    yield ""
    yield f"login → provider at {plan['notices_rate']:g} logins/s, among {plan['notices']:,} notices | without:"
    for name in ("p50", "p99"):
        both = f"{among[f'{name}_ms']:.2f} | {idle[f'{name}_ms']:.2f} ms"
        yield f"  {name} {both:>20}   ratio {found[f'ratio_{name}']:.2f}"
    yield (
        f"  {among['notices_per_second']:.0f} notices/s meanwhile, {among['notices_left_at_least']:,} left or more;"
        f" ratio of p99 by round: {', '.join(f'{ratio:.2f}' for ratio in found['ratio_p99_rounds'])}."
    )


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}
