"""Which offset may be committed while messages finish in any order."""

from hypothesis import given
from hypothesis import strategies as st

from shared.offsets import PartitionOffsets


def test_nothing_is_committable_before_the_first_message() -> None:
    assert PartitionOffsets().committable() is None


def test_a_started_message_holds_the_commit_at_its_own_offset() -> None:
    offsets = PartitionOffsets()
    offsets.start(7)

    assert offsets.committable() == 7


def test_the_slowest_message_holds_the_commit_and_releases_all_behind_it() -> None:
    offsets = PartitionOffsets()
    for offset in (3, 4, 5):
        offsets.start(offset)
    offsets.finish(4)
    offsets.finish(5)

    assert offsets.committable() == 3
    offsets.finish(3)
    assert offsets.committable() == 6
    assert offsets.pending == 0


def test_what_is_committed_is_not_committed_again() -> None:
    offsets = PartitionOffsets()
    offsets.start(0)
    offsets.finish(0)
    offsets.committed(1)

    assert offsets.committable() is None


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Offsets start upwards with gaps (compaction, control records) and finish in any order, commits in between."""
    gaps = draw(st.lists(st.integers(1, 4), min_size=1, max_size=30))
    waiting = [sum(gaps[:place]) for place in range(len(gaps))]
    running: list[int] = []
    history: list[tuple[str, int]] = []
    while waiting or running:
        deeds = ["commit"] + ["start"] * bool(waiting) + ["finish"] * bool(running)
        deed = draw(st.sampled_from(deeds)) if len(history) < 200 else deeds[-1]
        if deed == "start":
            running.append(waiting.pop(0))
            history.append((deed, running[-1]))
        elif deed == "finish":
            history.append((deed, running.pop(draw(st.integers(0, len(running) - 1)))))
        else:
            history.append((deed, 0))
    return history


@given(histories())
def test_a_commit_never_passes_an_unfinished_message_and_never_goes_back(history: list[tuple[str, int]]) -> None:
    offsets = PartitionOffsets()
    running: set[int] = set()
    reached = 0
    for deed, offset in [*history, ("commit", 0)]:
        if deed == "start":
            offsets.start(offset)
            running.add(offset)
        elif deed == "finish":
            offsets.finish(offset)
            running.discard(offset)
        elif (committable := offsets.committable()) is not None:
            assert committable <= min(running, default=committable)
            assert committable >= reached
            reached = committable
            offsets.committed(committable)
        assert offsets.pending == len(running)
    assert reached == max(offset for deed, offset in history if deed == "start") + 1
