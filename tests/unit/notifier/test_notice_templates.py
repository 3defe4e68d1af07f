"""What somebody is told about their own account, or about what changes in their region."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from services.auth.use_cases.tell_factor_changed import ChangedFactor
from services.notifier.adapters.mail_wording import FACTORS
from services.notifier.domain.notice_mail import Details, NoticeMail
from services.notifier.domain.outgoing_mail import Content
from shared.events import ANNOUNCEMENTS, NoticeKind
from tests.unit.notifier.fakes import NOW
from tests.unit.notifier.mails import LANGUAGES, LOCALES, Reader, templates
from tests.unit.notifier.test_mail_templates import Shouting

TEMPLATES = templates()
OWN = [kind for kind in NoticeKind if kind not in ANNOUNCEMENTS]

NEWS = {
    NoticeKind.EMAIL_CHANGED: "The email address of your Gatepost account was changed.",
    NoticeKind.PASSWORD_CHANGED: "The password of your Gatepost account was changed.",
    NoticeKind.FACTORS_RESET: "such as an authenticator app, were removed.",
    NoticeKind.SESSION_STOLEN: "Somebody may have copied a sign-in of your Gatepost account, so it was ended.",
    NoticeKind.NEW_DEVICE: "A device can now sign in to your Gatepost account without a code.",
    NoticeKind.RECOVERY_CODE_USED: "A recovery code was used to sign in to your Gatepost account.",
    NoticeKind.FACTOR_CHANGED: "The second steps of signing in to your Gatepost account were changed.",
    NoticeKind.ADVANCE_NOTICE: "From November 24, 2026, signing in to Gatepost in your region takes one more step",
    NoticeKind.BYPASS_ACTIVE: "For a limited time, signing in to Gatepost in your region takes only your password",
}


def notice(kind: NoticeKind = NoticeKind.EMAIL_CHANGED, locale: str = "en") -> NoticeMail:
    return NoticeMail(kind, locale, NOW)


def render(kind: NoticeKind = NoticeKind.EMAIL_CHANGED, locale: str = "en", **more: object) -> Content:
    return TEMPLATES.notice(replace(notice(kind, locale), **more))  # type: ignore[arg-type]


def parts(content: Content) -> tuple[str, str]:
    return content.text, Reader(content.html).text


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_notice_says_what_happened_when_and_whom_to_ask(kind: NoticeKind) -> None:
    for part in parts(render(kind)):
        assert [words for words in NEWS.values() if words in part] == [NEWS[kind]]
        assert "November 24, 2026, 14:05 UTC" in part
        assert "contact support" in part


@pytest.mark.parametrize("kind", [NoticeKind.EMAIL_CHANGED, NoticeKind.PASSWORD_CHANGED])
def test_whoever_did_not_change_it_is_told_what_to_do(kind: NoticeKind) -> None:
    for part in parts(render(kind)):
        assert "If this was not you, contact support." in part


def test_a_locked_screen_shows_the_same_subject_for_everything_about_ones_own_account() -> None:
    assert {render(kind).subject for kind in OWN} == {
        "Security notice for your Gatepost account (November 24, 2026, 14:05 UTC)"
    }


@pytest.mark.parametrize("kind", sorted(ANNOUNCEMENTS))
def test_an_announcement_does_not_alarm_and_names_its_day(kind: NoticeKind) -> None:
    assert render(kind).subject == "Signing in to Gatepost changes on November 24, 2026"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_a_notice_has_no_link_image_script_or_foreign_resource(kind: NoticeKind, locale: str) -> None:
    content = render(kind, locale)
    html = Reader(content.html)
    assert not {"a", "img", "script", "link", "iframe", "form"} & set(html.tags)
    assert not {"href", "src", "background"} & {name for _, name, _ in html.attributes}
    for part in parts(content):
        assert "://" not in part
        assert "@" not in part


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_a_notice_says_its_language_and_direction(kind: NoticeKind, locale: str) -> None:
    attributes = Reader(render(kind, locale).html).attributes
    assert ("html", "lang", locale) in attributes
    assert ("html", "dir", "rtl" if locale == "ar" else "ltr") in attributes


@pytest.mark.parametrize("locale", LOCALES)
def test_no_two_notices_of_a_language_say_the_same(locale: str) -> None:
    assert len({render(kind, locale).text for kind in NoticeKind}) == len(NoticeKind)


def test_what_happened_elsewhere_is_told_in_utc_where_nobody_names_a_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-9)))
    assert "November 24, 2026, 14:05 UTC" in render(at=there).text


BERLIN = {
    "en": "November 24, 2026, 15:05 (Central European Standard Time)",
    "de": "24. November 2026, 15:05 (Mitteleuropäische Normalzeit)",
    "fr": "24 novembre 2026, 15:05 (heure normale d’Europe centrale)",
    "es": "24 de noviembre de 2026, 15:05 (hora estándar de Europa central)",
    "ja": "2026年11月24日 15:05 (中央ヨーロッパ標準時)",
    "ar": "24 نوفمبر 2026، 15:05 (توقيت وسط أوروبا الرسمي)",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_times_are_told_in_the_zone_asked_for_and_in_the_language_of_the_reader(locale: str) -> None:
    for part in parts(render(NoticeKind.ADVANCE_NOTICE, locale, time_zone="Europe/Berlin")):
        assert BERLIN[locale] in part


def test_the_day_is_that_of_the_zone() -> None:
    content = render(NoticeKind.ADVANCE_NOTICE, time_zone="Pacific/Auckland")
    assert content.subject.endswith("November 25, 2026")
    assert content.text.startswith("From November 25, 2026, ")


def test_a_time_in_summer_is_told_in_summer_time() -> None:
    assert "16:05 (Central European Summer Time)" in render(at=NOW.replace(month=7), time_zone="Europe/Berlin").text


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "America", "\x00", "x" * 64])
def test_a_zone_that_is_none_is_utc_and_no_reason_not_to_mail(name: str) -> None:
    assert "November 24, 2026, 14:05 UTC" in render(time_zone=name).text


def test_what_ends_says_when() -> None:
    for part in parts(render(NoticeKind.BYPASS_ACTIVE, until=NOW + timedelta(hours=4))):
        assert "Begins: November 24, 2026, 14:05 UTC" in part
        assert "Ends: November 24, 2026, 18:05 UTC" in part
    assert "Ends" not in render(NoticeKind.ADVANCE_NOTICE).text


def test_two_announcements_do_not_mix() -> None:
    first = render(NoticeKind.ADVANCE_NOTICE)
    assert render(NoticeKind.ADVANCE_NOTICE, at=NOW + timedelta(days=1)) != first
    assert render(NoticeKind.ADVANCE_NOTICE, time_zone="Europe/Berlin") != first
    assert render(NoticeKind.ADVANCE_NOTICE, "de") != first


def test_an_announcement_is_written_once_for_all_who_read_the_same() -> None:
    assert render(NoticeKind.ADVANCE_NOTICE, "en-GB") is render(NoticeKind.ADVANCE_NOTICE, "en-US")
    assert render(NoticeKind.NEW_DEVICE, details=Details("A")) is not render(
        NoticeKind.NEW_DEVICE, details=Details("A")
    )  # what is personal is not kept


def test_details_are_told_each_on_a_line() -> None:
    details = Details("Firefox 145.0 on Windows", "Zürich, CH", "totp")
    lines = render(NoticeKind.NEW_DEVICE, details=details).text.splitlines()
    assert {"Device: Firefox 145.0 on Windows", "Place: Zürich, CH", "Method: authenticator app"} <= set(lines)


def test_details_keep_their_order_among_words_that_run_the_other_way() -> None:
    text = render(locale="ar", details=Details("Firefox (2)", "Zürich, CH", "YubiKey 5")).text
    assert "الجهاز: \u2068Firefox (2)\u2069\nالمكان: \u2068Zürich, CH\u2069\nالطريقة: \u2068YubiKey 5\u2069\n" in text
    assert "Place: \u2068תל אביב\u2069\n" in render(details=Details(place="תל אביב")).text


def test_what_nobody_said_leaves_no_gap() -> None:
    text = render(NoticeKind.NEW_DEVICE, details=Details(place="Zürich, CH")).text
    assert "Device" not in text
    assert "Method" not in text
    assert "14:05 UTC\nPlace: Zürich, CH\n" in text


def test_every_factor_that_auth_names_has_words() -> None:
    assert set(FACTORS) == set(ChangedFactor)


def test_a_method_is_told_in_the_language_of_the_mail_where_it_is_a_known_one() -> None:
    assert "Authenticator-App" in render(locale="de", details=Details(factor="totp")).text
    assert "YubiKey 5" in render(locale="de", details=Details(factor="YubiKey 5")).text


def test_a_brand_in_a_notice_is_text_and_never_markup() -> None:
    brand = '<img src="x"> & {{ at }}'
    content = templates(brand).notice(notice())
    assert Reader(content.html).tags == Reader(render().html).tags
    for part in parts(content):
        assert brand in part


def test_a_notice_is_written_in_the_language_of_the_account() -> None:
    loud = templates(words={"en": LANGUAGES["en"], "he": Shouting()})
    content = loud.notice(notice(NoticeKind.PASSWORD_CHANGED, "he-IL"))
    assert "The password of YOUR \u2068Gatepost\u2069 account" in content.text
    assert ("html", "lang", "he") in Reader(content.html).attributes
    assert ("html", "dir", "rtl") in Reader(content.html).attributes


def test_the_details_do_not_show_in_a_repr() -> None:
    assert "Zürich" not in repr(replace(notice(), details=Details(place="Zürich")))
