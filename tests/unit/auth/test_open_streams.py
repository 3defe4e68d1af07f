"""Streams are counted, so that nobody takes all of them."""

from contextlib import ExitStack
from uuid import uuid4

import pytest

from services.auth.api.challenge_events import OpenStreams
from shared.unavailable import DependencyUnavailable


def test_one_account_has_a_few_and_leaves_the_rest_to_others() -> None:
    streams, one, other = OpenStreams(most=22), uuid4(), uuid4()
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(streams.one_more(one))
        with pytest.raises(DependencyUnavailable), streams.one_more(one):
            pass
        for _ in range(2):
            stack.enter_context(streams.one_more(other))
        with pytest.raises(DependencyUnavailable), streams.one_more(uuid4()):
            pass
    with streams.one_more(one):
        pass
