"""Which language a mail is written in."""

from pathlib import Path

import pytest

from services.notifier.adapters.languages import catalogues
from services.notifier.domain.language import best_language, direction


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("de", "de"),
        ("de-CH", "de"),
        ("DE_ch", "de"),
        ("pt-BR", "pt-br"),
        ("pt-PT", "en"),
        ("zh-Hant-TW", "zh-hant"),
        ("de_DE.UTF-8", "de"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_a_locale_falls_back_part_by_part_and_then_to_english(locale: str, expected: str) -> None:
    assert best_language(locale, {"en", "de", "pt-br", "zh-hant"}) == expected


@pytest.mark.parametrize(("language", "expected"), [("en", "ltr"), ("ar", "rtl"), ("ar-eg", "rtl"), ("he", "rtl")])
def test_languages_know_their_direction(language: str, expected: str) -> None:
    assert direction(language) == expected


def test_english_needs_no_catalogue(tmp_path: Path) -> None:
    assert list(catalogues(tmp_path)) == ["en"]


def test_a_broken_catalogue_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "pt_BR" / "LC_MESSAGES" / "mail.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a catalogue")
    with pytest.raises(OSError, match="Bad magic number"):
        catalogues(tmp_path)


def test_a_catalogue_is_found_by_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "pt_BR" / "LC_MESSAGES" / "mail.mo"
    path.parent.mkdir(parents=True)
    empty = (0x950412DE, 0, 0, 28, 28, 0, 28)  # GNU gettext manual, "The Format of GNU MO Files"
    path.write_bytes(b"".join(number.to_bytes(4, "little") for number in empty))
    assert list(catalogues(tmp_path)) == ["en", "pt-br"]
