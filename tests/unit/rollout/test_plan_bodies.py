"""What may be written into a plan."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.rollout.api.plan_bodies import Name

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
