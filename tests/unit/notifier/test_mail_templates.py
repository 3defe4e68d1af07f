"""What the mail with a code says and how it is built, whatever the values hold."""

from datetime import timedelta, timezone
from email.message import EmailMessage
from gettext import NullTranslations

import pytest

from services.notifier.adapters.mail_templates import MailTemplates
from services.notifier.domain.outgoing_mail import Content
from services.notifier.domain.passcode_mail import PasscodeMail, Purpose
from tests.unit.notifier.fakes import CODE, NOW
from tests.unit.notifier.mails import DOMAIN, LOCALES, Reader, passcode_mail, templates

TEMPLATES = templates()
SUPPORTED = templates(support="help@gatepost.example")


def render(purpose: Purpose = Purpose.LOGIN, locale: str = "en", life: timedelta = timedelta(minutes=10)) -> Content:
    return TEMPLATES.passcode(passcode_mail(purpose, locale, life))


def branded(brand: str) -> Content:
    return templates(brand).passcode(passcode_mail())


def test_the_english_subject_is_what_it_always_was() -> None:
    assert render().subject == "Your Gatepost sign-in code (14:05 UTC)"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("purpose", Purpose)
def test_the_subject_holds_the_time_and_never_the_code(locale: str, purpose: Purpose) -> None:
    subject = render(purpose, locale).subject
    assert "14:05 UTC" in subject
    assert CODE not in subject


@pytest.mark.parametrize("templates", [TEMPLATES, SUPPORTED])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("purpose", Purpose)
def test_the_text_holds_the_code_on_a_line_of_its_own_and_last_bound_to_the_domain(
    locale: str, purpose: Purpose, templates: MailTemplates
) -> None:
    lines = templates.passcode(passcode_mail(purpose, locale)).text.split("\n")
    assert lines.count(CODE) == 1
    assert lines[-1] == f"@{DOMAIN} #{CODE}"
    assert sum(line.count(CODE) for line in lines) == 2


def test_both_parts_say_how_long_the_code_lives() -> None:
    content = render()
    for part in (content.text, content.html):
        assert "10 minutes, until 14:15 UTC" in part


def test_an_expiry_in_another_zone_is_told_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    expires_at = (NOW + timedelta(minutes=10)).astimezone(tokyo)
    content = TEMPLATES.passcode(PasscodeMail(CODE, Purpose.LOGIN, "en", NOW, expires_at))
    assert "until 14:15 UTC" in content.text


def test_a_mail_made_moments_after_the_code_says_its_whole_life() -> None:
    assert "10 minutes" in render(life=timedelta(minutes=9, seconds=58)).text
    assert "9 minutes" in render(life=timedelta(minutes=9, seconds=40)).text


def test_both_parts_say_what_to_do_when_it_was_somebody_else() -> None:
    content = render()
    for part in (content.text, content.html):
        assert "If you did not try to sign in" in part
        assert "change your password" in part


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("purpose", Purpose)
def test_the_html_shows_the_code_once_as_one_piece_of_text_that_runs_from_left_to_right(
    locale: str, purpose: Purpose
) -> None:
    content = render(purpose, locale)
    assert content.html.count(CODE) == 1
    assert content.html.split(f">{CODE}</p>")[0].rsplit("<p ", 1)[1].startswith('class="box" dir="ltr"')


@pytest.mark.parametrize("locale", LOCALES)
def test_the_html_says_its_language_and_direction(locale: str) -> None:
    direction = "rtl" if locale == "ar" else "ltr"
    attributes = Reader(render(locale=locale).html).attributes
    assert {(tag, "lang", locale) for tag in ("html", "div")} <= set(attributes)
    assert {(tag, "dir", direction) for tag in ("html", "div")} <= set(attributes)


@pytest.mark.parametrize(("locale", "side", "other"), [("en", "left", "right"), ("ar", "right", "left")])
def test_the_text_begins_where_its_language_does(locale: str, side: str, other: str) -> None:
    body = render(locale=locale).html.split("<body")[1]
    assert f'<td align="{side}"' in body
    assert f"text-align:{side};color" in body
    assert f"text-align:{other};color" not in body
    assert ("direction:ltr" in body) == (locale == "en")


@pytest.mark.parametrize("locale", LOCALES)
def test_both_parts_name_the_support_where_there_is_one(locale: str) -> None:
    mail = passcode_mail(locale=locale)
    for with_it, without in zip(_parts(SUPPORTED.passcode(mail)), _parts(TEMPLATES.passcode(mail)), strict=True):
        assert "help@gatepost.example" in with_it
        assert "help@" not in without


def _parts(content: Content) -> tuple[str, str]:
    return content.text, Reader(content.html).text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_mail_is_small(locale: str) -> None:
    content = SUPPORTED.passcode(passcode_mail(Purpose.OTHER, locale))
    assert len(content.html.encode()) < 6_000  # Gmail cuts at 102 kB; this is for a phone on a slow line
    assert len(content.text.encode()) < 1_500


def test_it_is_drawn_for_the_light_and_for_the_dark() -> None:
    html = render().html
    assert ("meta", "name", "color-scheme") in Reader(html).attributes
    assert "prefers-color-scheme: dark" in html


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


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.LOGIN])
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
    plain, content = render(), branded(brand)
    assert Reader(content.html).tags == Reader(plain.html).tags
    assert brand in Reader(content.html).text
    assert brand in content.text
    assert content.text.splitlines()[-1] == f"@gatepost.example #{CODE}"


def test_a_line_break_in_a_name_cannot_start_a_header() -> None:
    subject = branded("Gate\r\nBcc: evil@evil.example\r\n\r\n").subject
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
    loud = templates(words={"en": NullTranslations(), "ar": Shouting()})
    content = loud.passcode(passcode_mail(locale="ar-EG"))
    assert content.subject.startswith("YOUR \u2068Gatepost\u2069 ")
    assert "MANY 10 14:15" in content.text
    assert ("html", "dir", "rtl") in Reader(content.html).attributes
    assert ("html", "lang", "ar") in Reader(content.html).attributes
    assert ("p", "dir", "ltr") in Reader(content.html).attributes  # digits keep their order


def test_two_codes_of_one_minute_do_not_mix() -> None:
    first = TEMPLATES.passcode(PasscodeMail("111111", Purpose.LOGIN, "en", NOW, NOW + timedelta(minutes=10)))
    second = TEMPLATES.passcode(PasscodeMail("222222", Purpose.LOGIN, "en", NOW, NOW + timedelta(minutes=10)))
    assert "222222" not in first.text + first.html
    assert "111111" not in second.text + second.html


ARABIC_LIVES = {
    1: "لمدة دقيقة واحدة",
    2: "لمدة دقيقتين",
    3: "لمدة 3 دقائق",
    10: "لمدة 10 دقائق",
    11: "لمدة 11 دقيقة",
    100: "لمدة 100 دقيقة",
}


@pytest.mark.parametrize("minutes", ARABIC_LIVES)
def test_arabic_counts_minutes_in_its_own_forms(minutes: int) -> None:
    assert ARABIC_LIVES[minutes] in render(locale="ar", life=timedelta(minutes=minutes)).text


@pytest.mark.parametrize(
    ("locale", "words"),
    [("de", "1 Minute lang"), ("fr", "1 minute,"), ("es", "1 minuto,"), ("ja", "1分間"), ("en", "1 minute,")],
)
def test_one_minute_is_no_minutes(locale: str, words: str) -> None:
    assert words in render(locale=locale, life=timedelta(minutes=1)).text


def test_an_early_hour_is_told_as_its_language_tells_it() -> None:
    early = NOW.replace(hour=7)
    mails = {tag: PasscodeMail(CODE, Purpose.LOGIN, tag, early, early + timedelta(minutes=10)) for tag in ("en", "es")}
    assert "until 07:15 UTC" in TEMPLATES.passcode(mails["en"]).text
    assert "hasta las 7:15 UTC" in TEMPLATES.passcode(mails["es"]).text
