"""Whether SendGrid signed a request of its event webhook, by the verifier of the `sendgrid` package."""

from collections.abc import Sequence
from typing import Final

from sendgrid.helpers.eventwebhook import EventWebhook

SIGNATURE_MOST_CHARS: Final = 128  # 72 bytes of DER are 96


class SendGridSignature:
    """`keys`: base64 DER, as SendGrid shows them; several while one is replaced by the next."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._verifiers = [EventWebhook(key) for key in keys]

    def __call__(self, body: bytes, signature: str, timestamp: str) -> bool:
        """The signature covers the timestamp and the body as they came, byte for byte."""
        if len(signature) > SIGNATURE_MOST_CHARS:
            return False
        try:
            text = body.decode()
            return any(each.verify_signature(text, signature, timestamp) for each in self._verifiers)
        except ValueError:  # a body that is no UTF-8, a signature that is no base64
            return False
