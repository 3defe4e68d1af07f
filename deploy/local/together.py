"""Runs the steps of a start side by side, and leaves none running when it is broken off."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

LOOK_EVERY_S = 0.1


class Together:
    """Steps run in threads; children are therefore never spawned by a thread that a signal may interrupt."""

    def __init__(self, watch: Callable[[], None]) -> None:
        """`watch` is called while steps run, and raises to break them off."""
        self._watch = watch
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="start")
        self._futures: list[Future[None]] = []

    def run(self, *steps: Callable[[], None]) -> None:
        """Returns when all have; raises what the first that fails raised, while the others still run."""
        pending = {self._pool.submit(step) for step in steps}
        self._futures.extend(pending)
        while pending:
            done, pending = wait(pending, LOOK_EVERY_S, FIRST_EXCEPTION)
            for future in done:
                future.result()
            self._watch()

    def break_off(self, discourage: Callable[[], None]) -> None:
        """Let no step begin any more, and call `discourage` until those that run have given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        while wait(self._futures, LOOK_EVERY_S).not_done:
            discourage()
