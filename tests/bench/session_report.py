"""The second table of `make bench`: requests, factors, and the number of accounts. Medians over the rounds."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from tests.bench.in_turns import Sample

# What is measured: what it is set beside, and the words for both.
FLOODS = {
    "authz_one_token": ("bare_route", "GET /v1/authz, one token | a bare route"),
    "authz_many_tokens": ("bare_route", "GET /v1/authz, 1,000 tokens | a bare route"),
    "refresh": ("bare_update", "POST /v1/tokens/refresh, 16 at once | a bare UPDATE and signature"),
    "refresh_alone": ("bare_update_alone", "POST /v1/tokens/refresh, one by one | the same"),
    "verify_wrong": ("bare_script", "verify of otp, wrong codes | a bare EVALSHA"),
    "verify_right": ("bare_script", "verify of otp, right codes, ends told | the same"),
}
PACES = {
    "device": ("password", "password, trusted device | password alone"),
    "totp": ("password", "password, app | password alone"),
    "recovery_code": ("password", "password, recovery code | password alone"),
    "email": ("password", "password, mail, code | password alone"),
    "auth_many": ("auth_few", "password, {many_accounts:,} accounts | {few_accounts:,} accounts"),
}


def session_document(samples: Mapping[str, list[Sample]]) -> dict[str, Any]:
    """By name: the medians and the rounds; ratios to the floor, round by round, as `ratios`."""
    return {
        "figures": {name: _figures(rounds) for name, rounds in samples.items()},
        "ratios": {name: _ratios(samples[name], samples[floor]) for name, (floor, _) in (FLOODS | PACES).items()},
        "refused": sum(one.refused for rounds in samples.values() for one in rounds),
        "others_cores": round(median(one.others for rounds in samples.values() for one in rounds), 3),
    }


def _figures(rounds: list[Sample]) -> dict[str, Any]:
    return {**_middle(rounds), "rounds": [_rounded(vars(one)) for one in rounds]}


def _middle(rounds: list[Sample]) -> dict[str, float]:
    names = ("per_second", "p50_ms", "cpu_us", "behind_us")
    return _rounded({name: median(getattr(one, name) for one in rounds) for name in names})


def _ratios(mine: list[Sample], floor: list[Sample]) -> dict[str, float]:
    """Medians of the ratios within each round."""
    pairs = list(zip(mine, floor, strict=True))
    names = ("per_second", "p50_ms", "cpu_us")
    return _rounded({name: median(getattr(one, name) / getattr(other, name) for one, other in pairs) for name in names})


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def session_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    sessions, plan = bench["sessions"], bench["plan"]
    yield ""
    yield f"{'':66}{'per second':>18}{'ratio':>7}{'CPU µs':>14}{'ratio':>7}{'p50 ms':>14}{'ratio':>7}"
    for name, (floor, words) in FLOODS.items():
        yield _row(sessions, name, floor, words, with_rate=True)
    yield ""
    yield f"Logins to a session, at {plan['latency_rate']:g} a second; CPU is auth's."
    for name, (floor, words) in PACES.items():
        yield _row(sessions, name, floor, words.format(**plan), with_rate=False)
    yield f"Refused {sessions['refused']}; other work took {sessions['others_cores']:.2f} cores (median)."


def _row(sessions: Mapping[str, Any], name: str, floor: str, words: str, *, with_rate: bool) -> str:
    mine, other, ratio = sessions["figures"][name], sessions["figures"][floor], sessions["ratios"][name]

    def cells(figure: str, digits: int, width: int) -> str:
        pair = f"{mine[figure]:.{digits}f} | {other[figure]:.{digits}f}"
        return f"{pair:>{width}}{ratio[figure]:7.2f}"

    rate = cells("per_second", 0, 18) if with_rate else " " * 25
    return f"{words:66}{rate}{cells('cpu_us', 0, 14)}{cells('p50_ms', 2, 14)}"
