"""One language of the mails: its words, its calendar, its templates, and what they are given."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from gettext import NullTranslations
from typing import Final

from services.notifier.adapters import mail_wording as wording
from services.notifier.adapters.calendar_words import CalendarWords, time_zone
from services.notifier.adapters.rendered_mail import RenderedMail, mail_environment
from services.notifier.domain.brand import Brand
from services.notifier.domain.language import direction, isolated
from services.notifier.domain.notice_mail import NoticeMail
from services.notifier.domain.passcode_mail import Purpose
from shared.events import ANNOUNCEMENTS


class MailLanguage:
    """`tag` is BCP 47 in lower case, `texts` the templates by file name."""

    def __init__(self, tag: str, words: NullTranslations, brand: Brand, texts: Mapping[str, str]) -> None:
        """Raises: BadTemplate, UnknownLocaleError."""
        self.tag: Final = tag
        self.direction: Final = direction(tag)
        self._words: Final = words
        self._calendar: Final = CalendarWords(tag)
        self._brand: Final = isolated(brand.name, tag)
        environment = mail_environment(texts, words)
        environment.globals |= {
            "brand": self._brand,
            "brand_color": brand.color,
            "dir": self.direction,
            "domain": brand.domain,
            "lang": tag,
            "start": "right" if self.direction == "rtl" else "left",
            "support": brand.support and isolated(brand.support, tag),
        }
        self.passcode: Final = RenderedMail(environment, "passcode", texts)
        self.notice: Final = RenderedMail(environment, "notice", texts)

    def passcode_values(
        self, code: str, purpose: Purpose, minutes: int, sent: datetime, until: datetime
    ) -> dict[str, object]:
        words, times = wording.PASSCODE[purpose], {"sent": self._calendar.minute(sent)}
        return {
            "code": code,
            "purpose": purpose.value,
            "minutes": minutes,
            "until": self._calendar.minute(until),
            "subject": self._say(words.subject, **times),
            "lead": self._say(words.lead),
            "warning": self._say(words.warning),
            **times,
        }

    def notice_values(self, mail: NoticeMail) -> dict[str, object]:
        words, at = wording.NOTICE[mail.kind], mail.at.astimezone(time_zone(mail.time_zone))
        subject = wording.ANNOUNCEMENT_SUBJECT if mail.kind in ANNOUNCEMENTS else wording.NOTICE_SUBJECT
        times = {"day": self._calendar.day(at), "stamp": self._calendar.stamp(at)}
        return {
            "kind": mail.kind.value,
            "subject": self._say(subject, **times),
            "news": self._say(words.news, **times),
            "advice": self._say(words.advice),
            "facts": list(self._facts(mail)),
        }

    def _facts(self, mail: NoticeMail) -> Iterator[str]:
        zone = time_zone(mail.time_zone)
        begins = wording.BEGINS if mail.kind in ANNOUNCEMENTS else wording.WHEN
        yield self._say(begins, at=self._calendar.moment(mail.at.astimezone(zone)))
        if mail.until:
            yield self._say(wording.ENDS, at=self._calendar.moment(mail.until.astimezone(zone)))
        if device := mail.details.device:
            yield self._say(wording.DEVICE, device=isolated(device, self.tag))
        if place := mail.details.place:
            yield self._say(wording.PLACE, place=isolated(place, self.tag))
        if factor := mail.details.factor:
            known = wording.FACTORS.get(factor)
            yield self._say(wording.FACTOR, factor=self._say(known) if known else isolated(factor, self.tag))

    def _say(self, sentence: str, **values: str) -> str:
        return self._words.gettext(sentence) % {"brand": self._brand, **values}
