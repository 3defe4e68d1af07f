"""Who is asked for the mails of a region, and in which order."""

import pytest

from services.notifier.domain.mail_routes import MailRoutes

BOTH = ("sendgrid", "smtp")


def test_without_rules_all_are_asked_as_they_are_set_up() -> None:
    assert MailRoutes.parse("", BOTH).of("emea") == BOTH


def test_a_region_has_its_own_order_and_the_others_theirs() -> None:
    routes = MailRoutes.parse(" emea = smtp, sendgrid ; * = sendgrid ;", BOTH)
    assert routes.of("emea") == ("smtp", "sendgrid")
    assert routes.of("apac") == ("sendgrid",)


@pytest.mark.parametrize(("doubted", "order"), [("sendgrid", ("smtp", "sendgrid")), ("smtp", BOTH), ("gone", BOTH)])
def test_who_may_have_sent_it_before_is_asked_last(doubted: str, order: tuple[str, ...]) -> None:
    assert MailRoutes.parse("", BOTH).of("emea", doubted) == order


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("emea", "not REGION="),
        ("=smtp", "not REGION="),
        ("emea=", "no provider ''"),
        ("emea=pigeon", "no provider 'pigeon' is set up, only sendgrid, smtp"),
        ("emea=smtp,smtp", "named twice"),
    ],
)
def test_a_route_that_leads_nowhere_is_named(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        MailRoutes.parse(text, BOTH)
