"""The last lines of `make bench`: what Redis does and keeps for a challenge, and how soon a change is heard of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# What is pushed, in the order in which it is shown.
PUSHES = {
    "mail_to_otp": "outcome of a mail on Kafka → stream of an otp",
    "code_to_otp": "code typed at one otp → stream of the other",
    "mail_to_auth": "outcome of a mail on Kafka → server-sent event of auth",
}


def codes_document(memory: Mapping[str, int], pushes: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """`pushes`: milliseconds by name, sorted."""
    return {"memory": memory, "pushes": {name: _percentiles(taken) for name, taken in pushes.items()}}


def _percentiles(taken: Sequence[float]) -> dict[str, float]:
    shown = {f"p{percent}_ms": round(taken[len(taken) * percent // 100], 3) for percent in (50, 99)}
    return {"count": len(taken), **shown}


def codes_rows(bench: Mapping[str, Any]) -> Iterator[str]:
    memory, pushes, figures = bench["codes"]["memory"], bench["codes"]["pushes"], bench["sessions"]["figures"]
    judging = [f"{figures[name]['behind_us']:.0f}" for name in ("verify_wrong", "verify_right", "bare_script")]
    yield ""
    yield f"Redis: {' | '.join(judging)} µs of CPU for a wrong code | a right one | a bare EVALSHA."
    each = f"each of {memory['challenges']:,} live challenges of as many accounts"
    yield f"  {memory['bytes_fresh']} bytes for {each}, {memory['bytes_delivered']} once its mail has arrived;"
    yield f"  {memory['bytes_full_account']} for the record of an account that has used up all limits."
    yield f"{bench['plan']['streams']} streams open, {bench['plan']['push_rate']:g} changes a second:"
    for name, words in PUSHES.items():
        yield f"  {words:56}p50 {pushes[name]['p50_ms']:6.2f} ms   p99 {pushes[name]['p99_ms']:6.2f} ms"
