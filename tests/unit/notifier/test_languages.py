"""Which language a mail is written in."""

from pathlib import Path

import pytest
from babel import UnknownLocaleError
from babel.messages.pofile import PoFileError

from services.notifier.adapters.languages import catalogues
from services.notifier.domain.language import best_language, direction, isolated
from tests.unit.notifier.mails import templates


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


def _catalogue(folder: Path, name: str, text: str) -> Path:
    path = folder / name / "LC_MESSAGES" / "mail.po"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return folder


def test_a_broken_catalogue_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(PoFileError):
        catalogues(_catalogue(tmp_path, "pt_BR", "not a catalogue"))


def test_a_language_that_nobody_speaks_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(UnknownLocaleError):
        templates(words=catalogues(_catalogue(tmp_path, "xx", 'msgid "a"\nmsgstr "b"\n')))


def test_a_catalogue_is_found_by_its_folder(tmp_path: Path) -> None:
    found = catalogues(_catalogue(tmp_path, "pt_BR", 'msgid "recovery codes"\nmsgstr "códigos de recuperação"\n'))
    assert list(found) == ["en", "pt-br"]
    assert found["pt-br"].gettext("recovery codes") == "códigos de recuperação"


def test_the_languages_to_start_with_are_there() -> None:
    assert set(catalogues()) == {"en", "de", "fr", "es", "ja", "ar"}


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Gatepost", "en", "Gatepost"),
        ("Gatepost", "ar", "\u2068Gatepost\u2069"),
        ("בית", "en", "\u2068בית\u2069"),
        ("Zürich, 東京", "ja", "Zürich, 東京"),
    ],
)
def test_a_name_is_kept_apart_only_where_directions_mix(text: str, language: str, expected: str) -> None:
    assert isolated(text, language) == expected
