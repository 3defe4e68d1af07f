"""What may be written into a plan."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.rollout.api.plan_bodies import Name, ThresholdsRequest
from tests.unit.rollout.challenge_stories import THRESHOLDS

_NAME = TypeAdapter[str](Name)


@pytest.mark.parametrize("name", ["everybody by spring", "Frühling – 春", "x" * 100])
def test_a_name_is_one_line(name: str) -> None:
    assert _NAME.validate_python(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 101, "a\nb", "a\x85b", "a\u2028b", "wave \u202e1 evaw", "wave \u2066x", "a\n", "a\ud800"]
)
def test_a_name_that_is_not_what_it_reads_as_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        _NAME.validate_python(name)


@pytest.mark.parametrize("name", [name for name in THRESHOLDS if name != "minimum_sample"])
@pytest.mark.parametrize("value", [True, "0.5", 0, -0.1, None])
def test_a_threshold_is_a_number_that_lets_not_everything_pass(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        ThresholdsRequest.model_validate(THRESHOLDS | {name: value})
    assert ThresholdsRequest.model_validate(THRESHOLDS | {name: 1}).thresholds
