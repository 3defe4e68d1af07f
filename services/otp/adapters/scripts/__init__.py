"""Lua scripts, one per verb of the store, and the pieces that go in front of them."""

from importlib import resources


def source_of(*names: str, clock: str | None = None) -> str:
    """One script out of several files, in that order. `clock` stands in for clock.lua in tests."""
    files = resources.files(__name__)
    clock = files.joinpath("clock.lua").read_text() if clock is None else clock
    return clock + "".join(files.joinpath(f"{name}.lua").read_text() for name in names)
