"""The mailbox keeps the newest mails, finds them by address, and never grows without bound."""

from datetime import UTC, datetime

from deploy.local.sendgrid_double.mailbox import Mail, Mailbox, mails_of

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)


def mail(to: str, text: str = "493017") -> Mail:
    return Mail(to, "Your code", text, "", {}, "2026-11-24T12:00:00.123Z")


def texts(mails: list[Mail]) -> list[str]:
    return [each.text for each in mails]


def test_mails_are_listed_newest_last_and_by_address_whatever_its_case() -> None:
    box = Mailbox()
    for each in (mail("ada@example.com", "1"), mail("bo@example.com", "2"), mail("Ada@Example.com", "3")):
        box.add(each)
    assert texts(box.mails()) == ["1", "2", "3"]
    assert texts(box.mails("ADA@example.com")) == ["1", "3"]
    assert texts(box.mails(limit=2)) == ["2", "3"]
    assert box.mails("nobody@example.com") == []


def test_the_oldest_mail_goes_when_there_are_too_many() -> None:
    box = Mailbox(keep_mails=2)
    for number in range(4):
        box.add(mail(f"{number % 2}@example.com", str(number)))
    assert texts(box.mails()) == ["2", "3"]
    assert texts(box.mails("0@example.com")) == ["2"]


def test_huge_mails_push_out_more_but_the_newest_always_stays() -> None:
    box = Mailbox(keep_characters=100)
    box.add(mail("ada@example.com", "x" * 60))
    box.add(mail("ada@example.com", "y" * 60))
    assert texts(box.mails()) == ["y" * 60]
    box.add(mail("ada@example.com", "z" * 500))
    assert texts(box.mails("ada@example.com")) == ["z" * 500]


def test_each_change_of_the_contents_has_a_revision_of_its_own() -> None:
    box = Mailbox()
    seen = [box.revision]
    box.add(mail("ada@example.com"))
    seen.append(box.revision)
    box.clear()
    seen.append(box.revision)
    assert len(set(seen)) == 3
    assert box.mails() == []


def test_every_recipient_gets_a_mail_and_the_personalization_wins() -> None:
    request = {
        "personalizations": [
            {"to": [{"email": "ada@example.com"}], "bcc": [{"email": "bo@example.com"}]},
            {"to": [{"email": "cy@example.com"}], "subject": "Own", "headers": {"X-A": "own"}},
        ],
        "subject": "Common",
        "headers": {"X-A": "common"},
        "content": [{"type": "text/plain", "value": "plain"}, {"type": "text/html", "value": "<b>html</b>"}],
    }
    first, second, third = mails_of(request, "m-1", NOON)
    assert [first.to, second.to, third.to] == ["ada@example.com", "bo@example.com", "cy@example.com"]
    assert (first.subject, first.text, first.html, first.headers["X-A"]) == ("Common", "plain", "<b>html</b>", "common")
    assert (third.subject, third.headers["X-A"]) == ("Own", "own")
    assert first.received_at == "2026-11-24T12:00:00.123Z"
    assert len({first.headers["Message-Id"], second.headers["Message-Id"], third.headers["Message-Id"]}) == 3
