"""The body of `POST /v3/mail/send`, built with SendGrid's own classes."""

import json
from typing import Final

from sendgrid.helpers.mail import (
    BypassUnsubscribeManagement,
    ClickTracking,
    CustomArg,
    FooterSettings,
    From,
    Header,
    Mail,
    MailSettings,
    OpenTracking,
    Personalization,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from services.notifier.domain.outgoing_mail import HEADERS, OutgoingMail


class SendGridPayload:
    """Shares between mails what is the same in all of them; its objects are only read."""

    def __init__(self, sender_address: str, sender_name: str) -> None:
        self._sender: Final = From(sender_address, sender_name)
        self._headers: Final = [Header(name, value) for name, value in HEADERS.items()]
        # Said in every mail, because an account's defaults would else add links, pixels, or lines after the last.
        self._tracking: Final = TrackingSettings(
            ClickTracking(enable=False, enable_text=False),
            OpenTracking(enable=False),
            SubscriptionTracking(enable=False),
        )
        # Whoever unsubscribed from other mail of the same account still has to sign in. Bounces are respected.
        self._settings: Final = MailSettings(
            bypass_unsubscribe_management=BypassUnsubscribeManagement(enable=True),
            footer_settings=FooterSettings(enable=False),
        )

    def of(self, mail: OutgoingMail) -> bytes:
        """ASCII JSON: everything else is escaped, so no encoding can fail."""
        content = mail.content
        payload = Mail(self._sender, None, content.subject, content.text, html_content=content.html)
        payload.add_personalization(_recipient(mail.to))
        for header in self._headers:
            payload.add_header(header)
        for name, value in mail.labels.items():
            payload.add_custom_arg(CustomArg(name, value))
        payload.tracking_settings = self._tracking
        payload.mail_settings = self._settings
        return json.dumps(payload.get(), separators=(",", ":")).encode("ascii")


def _recipient(address: str) -> Personalization:
    to = To()
    to.email = address  # the constructor would parse it as `Name <address>`
    personalization = Personalization()
    personalization.add_to(to)
    return personalization
