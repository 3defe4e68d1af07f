"""Every language says everything, and nothing that is no longer asked for."""

import re
import warnings
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from services.notifier.adapters import mail_wording
from services.notifier.adapters.languages import LOCALE_DIR
from services.notifier.domain.language import direction

ROOT = Path(__file__).parents[3]
TRANSLATED = sorted(path.name for path in LOCALE_DIR.iterdir() if path.is_dir())
_PLACEHOLDER = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What templates and wording hold, found by the command of services/notifier/locale/README.md."""
    pot = tmp_path_factory.mktemp("pot") / "mail.pot"
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        CommandLineInterface().run(  # type: ignore[no-untyped-call]
            ["pybabel", "-q", "extract", "-F", str(ROOT / "pyproject.toml"), "-o", str(pot), str(ROOT)]
        )
    with pot.open("rb") as file:
        return read_po(file)


def catalogue(language: str) -> Catalog:
    with (LOCALE_DIR / language / "LC_MESSAGES" / "mail.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def ids(messages: Catalog) -> set[object]:
    return {message.id for message in messages if message.id}


def texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def test_all_sentences_are_found(sentences: Catalog) -> None:
    found = ids(sentences)
    for words in mail_wording.PASSCODE.values():
        assert {words.subject, words.lead, words.warning} <= found
    for notice in mail_wording.NOTICE.values():
        assert {notice.news, notice.advice} <= found
    assert set(mail_wording.FACTORS.values()) <= found
    assert "Support: %(address)s" in found  # from a template


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_catalogue_misses_a_sentence_or_holds_one_too_many(language: str, sentences: Catalog) -> None:
    assert ids(catalogue(language)) == ids(sentences)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_left_untranslated_uncertain_or_obsolete(language: str) -> None:
    messages = catalogue(language)
    assert not messages.fuzzy
    assert not messages.obsolete
    for message in messages:
        if message.id:
            assert not message.fuzzy, message.id
            assert all(texts(message)), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_number_has_its_form(language: str) -> None:
    messages = catalogue(language)
    for message in messages:
        if message.pluralizable:
            assert len(texts(message)) == messages.num_plurals


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_agree(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        wanted = placeholders(message.id if isinstance(message.id, str) else message.id[1])
        for text in texts(message):
            # Arabic says one and two minutes, and less than one, without a numeral.
            spared = {"%(num)s"} if language == "ar" and message.pluralizable else set()
            assert wanted - spared <= placeholders(text) <= wanted, text
            assert "%" not in _PLACEHOLDER.sub("", text), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_holds_markup_links_or_characters_that_do_not_show(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            for text in texts(message):
                assert not re.search(r"[<>&@]|://|www\.", text), text
                assert text.replace("\xa0", " ").isprintable(), text
                assert text == text.strip(), text


def test_only_what_runs_from_right_to_left_says_so() -> None:
    assert {language for language in TRANSLATED if direction(language) == "rtl"} == {"ar"}
