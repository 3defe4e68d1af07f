"""What somebody is told about their own account."""

from datetime import timedelta, timezone

import pytest

from services.notifier.adapters.languages import catalogues
from services.notifier.adapters.mail_templates import MailTemplates
from services.notifier.domain.notice_mail import NoticeMail
from services.notifier.domain.outgoing_mail import Content
from shared.events import NoticeKind
from tests.unit.notifier.fakes import NOW
from tests.unit.notifier.test_mail_templates import Reader, Shouting

NEWS = {
    NoticeKind.EMAIL_CHANGED: "The email address of your Gatepost account was changed (2026-11-24 14:05 UTC).",
    NoticeKind.PASSWORD_CHANGED: "The password of your Gatepost account was changed (2026-11-24 14:05 UTC).",
    NoticeKind.FACTORS_RESET: "such as an authenticator app, were removed (2026-11-24 14:05 UTC).",
    NoticeKind.SESSION_STOLEN: "Somebody may have copied a sign-in of your Gatepost account, so it was ended",
    NoticeKind.NEW_DEVICE: "A device can now sign in to your Gatepost account without a code (2026-11-24 14:05 UTC).",
    NoticeKind.RECOVERY_CODE_USED: "A recovery code was used to sign in to your Gatepost account",
    NoticeKind.FACTOR_CHANGED: "The second steps of signing in to your Gatepost account were changed",
    NoticeKind.ADVANCE_NOTICE: "From 2026-11-24 14:05 UTC on, Gatepost asks for a code from your mail",
    NoticeKind.BYPASS_ACTIVE: "Since 2026-11-24 14:05 UTC, Gatepost does not ask for a code from your mail",
}


def render(kind: NoticeKind = NoticeKind.EMAIL_CHANGED, brand: str = "Gatepost") -> Content:
    return MailTemplates(catalogues(), brand, "gatepost.example").notice(NoticeMail(kind, "en", NOW))


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_notice_says_what_happened_when_and_whom_to_ask(kind: NoticeKind) -> None:
    content = render(kind)
    for part in (content.text, Reader(content.html).text):
        assert [words for words in NEWS.values() if words in part] == [NEWS[kind]]
        assert "contact support" in part


@pytest.mark.parametrize("kind", [NoticeKind.EMAIL_CHANGED, NoticeKind.PASSWORD_CHANGED])
def test_whoever_did_not_change_it_is_told_what_to_do(kind: NoticeKind) -> None:
    content = render(kind)
    for part in (content.text, Reader(content.html).text):
        assert "If this was not you, contact support." in part


def test_a_locked_screen_shows_the_same_subject_for_every_notice() -> None:
    subjects = {render(kind).subject for kind in NoticeKind}
    assert subjects == {"Security notice for your Gatepost account (2026-11-24 14:05 UTC)"}


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_notice_has_no_link_image_script_or_foreign_resource(kind: NoticeKind) -> None:
    content = render(kind)
    html = Reader(content.html)
    assert not {"a", "img", "script", "link", "iframe", "style", "form"} & set(html.tags)
    assert not {"href", "src", "background"} & {name for _, name, _ in html.attributes}
    for part in (content.text, content.html):
        assert "://" not in part
        assert "url(" not in part
        assert "@" not in part


def test_what_happened_elsewhere_is_told_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-9)))
    mail = NoticeMail(NoticeKind.EMAIL_CHANGED, "en", there)
    assert "2026-11-24 14:05 UTC" in MailTemplates(catalogues(), "Gatepost", "gatepost.example").notice(mail).text


def test_a_brand_in_a_notice_is_text_and_never_markup() -> None:
    content = render(brand='<img src="x"> & {{ at }}')
    assert Reader(content.html).tags == Reader(render().html).tags
    assert '<img src="x"> & {{ at }}' in Reader(content.html).text
    assert '<img src="x"> & {{ at }}' in content.text


def test_a_notice_is_written_in_the_language_of_the_account() -> None:
    templates = MailTemplates({"en": catalogues()["en"], "he": Shouting()}, "Gatepost", "gatepost.example")
    content = templates.notice(NoticeMail(NoticeKind.PASSWORD_CHANGED, "he-IL", NOW))
    assert "The password of YOUR Gatepost account" in content.text
    assert ("html", "lang", "he") in Reader(content.html).attributes
    assert ("html", "dir", "rtl") in Reader(content.html).attributes
