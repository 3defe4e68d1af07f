"""In which language a reader is answered."""

import pytest

from services.rollout.api.languages import spoken
from services.rollout.domain.public_words import LABELS
from services.rollout.domain.schedule import PublicState


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at;q=0.5", "de"),
        ("it, fr;q=0.3, es;q=0.7", "es"),
        ("fr;q=0, *", "en"),
        ("pt-BR", "en"),
        ("ja;q=0.9, de;q=0.9", "ja"),
        ("*;q=0.1, ar;q=0.2", "ar"),
        ("de;q=2", "en"),
        ("\x00, ;;;,q=1", "en"),
        ("x," * 1000 + "de", "en"),
    ],
)
def test_the_language_that_the_reader_likes_best(accept: str | None, language: str) -> None:
    assert spoken(accept, LABELS, "en") == language


def test_every_state_has_a_word_of_its_own_in_every_language() -> None:
    for language, labels in LABELS.items():
        assert set(labels) == set(PublicState), language
        assert len(set(labels.values())) == len(PublicState), language
