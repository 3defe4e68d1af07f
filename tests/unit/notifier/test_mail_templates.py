"""What the mail says and how it is built, whatever the values hold."""

from collections.abc import Mapping
from datetime import timedelta, timezone
from email.message import EmailMessage
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from services.notifier.adapters.languages import catalogues
from services.notifier.adapters.mail_templates import MailTemplates
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import PasscodeMail, Purpose
from tests.unit.notifier.fakes import CODE, NOW


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def mail(purpose: Purpose = Purpose.LOGIN, locale: str = "en", life: timedelta = timedelta(minutes=10)) -> PasscodeMail:
    return PasscodeMail(CODE, purpose, locale, NOW, NOW + life)


def render(brand: str = "Gatepost", words: Mapping[str, NullTranslations] | None = None, **of: object) -> Content:
    return MailTemplates(words or catalogues(), brand, "gatepost.example").passcode(mail(**of))  # type: ignore[arg-type]


def test_the_subject_holds_the_time_and_never_the_code() -> None:
    assert render().subject == "Your Gatepost sign-in code (14:05 UTC)"


def test_the_text_holds_the_code_on_a_line_of_its_own() -> None:
    assert render().text.splitlines().count(CODE) == 1


def test_the_last_line_of_the_text_binds_the_code_to_the_domain() -> None:
    assert render().text.splitlines()[-1] == f"@gatepost.example #{CODE}"


def test_both_parts_say_how_long_the_code_lives() -> None:
    content = render()
    for part in (content.text, content.html):
        assert "10 minutes, until 14:15 UTC" in part


def test_an_expiry_in_another_zone_is_told_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    expires_at = (NOW + timedelta(minutes=10)).astimezone(tokyo)
    content = MailTemplates(catalogues(), "Gatepost", "gatepost.example").passcode(
        PasscodeMail(CODE, Purpose.LOGIN, "en", NOW, expires_at)
    )
    assert "until 14:15 UTC" in content.text


def test_a_mail_made_moments_after_the_code_says_its_whole_life() -> None:
    assert "10 minutes" in render(life=timedelta(minutes=9, seconds=58)).text
    assert "9 minutes" in render(life=timedelta(minutes=9, seconds=40)).text


def test_both_parts_say_what_to_do_when_it_was_somebody_else() -> None:
    content = render()
    for part in (content.text, content.html):
        assert "If you did not try to sign in" in part
        assert "change your password" in part


def test_the_html_shows_the_code_once_as_one_piece_of_text() -> None:
    html = Reader(render().html)
    assert html.text.count(CODE) == 1


def test_the_html_has_no_link_image_script_or_foreign_resource() -> None:
    content = render()
    html = Reader(content.html)
    assert not {"a", "img", "script", "link", "iframe", "style", "form"} & set(html.tags)
    assert not {"href", "src", "background"} & {name for _, name, _ in html.attributes}
    assert "://" not in content.html
    assert "url(" not in content.html
    assert "://" not in content.text


def test_the_html_says_its_language_and_direction() -> None:
    attributes = Reader(render().html).attributes
    assert {("html", "lang", "en"), ("html", "dir", "ltr"), ("div", "lang", "en")} <= set(attributes)


ASKED = {
    Purpose.SESSION: "Somebody is using your Gatepost account and was asked to confirm that it is you.",
    Purpose.MANAGE_FACTORS: "Somebody asked to change how you sign in to Gatepost.",
    Purpose.CHANGE_EMAIL: "Somebody asked to change the email address of your Gatepost account.",
    Purpose.CONFIRM_EMAIL: "Somebody asked to use this address for their Gatepost account.",
    Purpose.CHANGE_PASSWORD: "Somebody asked to change the password of your Gatepost account.",
    Purpose.PAYMENT: "Somebody asked to make a payment with your Gatepost account.",
    Purpose.EXPORT_DATA: "Somebody asked for a copy of the data in your Gatepost account.",
    Purpose.DELETE_ACCOUNT: "Somebody asked to delete your Gatepost account.",
    Purpose.OTHER: "Somebody asked to do something in your Gatepost account that must be confirmed.",
}


@pytest.mark.parametrize("purpose", set(Purpose) - {Purpose.LOGIN})
def test_every_code_that_is_not_for_signing_in_says_what_somebody_asked_to_do(purpose: Purpose) -> None:
    content = render(purpose=purpose)
    for part in (content.text, Reader(content.html).text):
        assert [words for words in ASKED.values() if words in part] == [ASKED[purpose]]
        assert "If this was not you, " in part
        assert "sign-in code" not in part
    assert content.subject == "Your Gatepost confirmation code (14:05 UTC)"


def test_a_code_for_signing_in_says_so_and_nothing_else() -> None:
    content = render()
    for part in (content.text, Reader(content.html).text):
        assert "Your code to sign in to Gatepost is:" in part
        assert "Somebody asked" not in part


@pytest.mark.parametrize("purpose", Purpose)
def test_no_code_is_to_be_given_to_anyone(purpose: Purpose) -> None:
    content = render(purpose=purpose)
    for part in (content.text, Reader(content.html).text):
        assert "Do not give it to anyone" in part
        assert "nobody at Gatepost will ever ask you for a code" in part


@pytest.mark.parametrize(
    "brand", ['<img src="http://evil.example">', "A & B", '" onload="x', "{{ code }}", "%(sent)s %s"]
)
def test_a_brand_is_text_and_never_markup_or_a_template(brand: str) -> None:
    plain, content = render(), render(brand)
    assert Reader(content.html).tags == Reader(plain.html).tags
    assert brand in Reader(content.html).text
    assert brand in content.text
    assert content.text.splitlines()[-1] == f"@gatepost.example #{CODE}"


def test_a_line_break_in_a_name_cannot_start_a_header() -> None:
    subject = render("Gate\r\nBcc: evil@evil.example\r\n\r\n").subject
    message = EmailMessage()
    message["Subject"] = subject  # refuses line breaks by itself
    assert subject == "Your Gate Bcc: evil@evil.example sign-in code (14:05 UTC)"


def test_a_locale_of_any_kind_ends_in_a_mail() -> None:
    for locale in ("", "de-CH", "EN_us.UTF-8", "../../etc", "x" * 35, "\x00", "-"):
        assert CODE in render(locale=locale).text


class Shouting(NullTranslations):
    """A language in capitals, to see that every sentence goes through the catalogue."""

    def gettext(self, message: str) -> str:
        return message.replace("Your", "YOUR").replace("your", "YOUR")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return "ONE %(num)s %(until)s" if n == 1 else "MANY %(num)s %(until)s"


def test_a_catalogue_brings_its_words_language_and_direction() -> None:
    content = render(words={"en": NullTranslations(), "ar": Shouting()}, locale="ar-EG")
    assert content.subject.startswith("YOUR Gatepost")
    assert "MANY 10 14:15" in content.text
    assert ("html", "dir", "rtl") in Reader(content.html).attributes
    assert ("html", "lang", "ar") in Reader(content.html).attributes
    assert ("p", "dir", "ltr") in Reader(content.html).attributes  # digits keep their order


def test_two_codes_of_one_minute_do_not_mix() -> None:
    templates = MailTemplates(catalogues(), "Gatepost", "gatepost.example")
    first = templates.passcode(PasscodeMail("111111", Purpose.LOGIN, "en", NOW, NOW + timedelta(minutes=10)))
    second = templates.passcode(PasscodeMail("222222", Purpose.LOGIN, "en", NOW, NOW + timedelta(minutes=10)))
    assert "222222" not in first.text + first.html
    assert "111111" not in second.text + second.html


def test_a_name_that_the_template_does_not_get_is_an_error(tmp_path: Path) -> None:
    for name in ("passcode", "notice"):
        for part in ("subject.txt", "txt", "html"):
            (tmp_path / f"{name}.{part}.j2").write_text("{{ no_such_name }}")
    templates = MailTemplates(catalogues(), "Gatepost", "gatepost.example", tmp_path)
    with pytest.raises(UndefinedError):
        templates.passcode(mail())
