"""Labels that nobody else can have written. A provider signs its reports of all mails of an account, those of another
product or another Gatepost too, and any of them may carry ids that look like ours. Pure."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from services.notifier.domain.mail_labels import MailLabels
from shared.keyring import Keyring, encode

_MAC: Final = "labels_mac"
_MAC_BYTES: Final = 16
_USE_OF_KEY: Final = "mail-labels"  # no address, so that no entry of the suppression list says this key


class SignedLabels:
    """With the first key of the ring; each of them is believed, so that reports outlive a change of keys."""

    def __init__(self, keys: Keyring) -> None:
        self.use(keys)

    def use(self, keys: Keyring) -> None:
        self._keys = [key.for_use(_USE_OF_KEY) for key in keys]

    def texts(self, labels: MailLabels) -> dict[str, str]:
        return labels.texts() | {_MAC: _mac(self._keys[0], labels)}

    def read(self, texts: Mapping[str, object]) -> MailLabels | None:
        """None: not a mail of ours, or of a time before these keys."""
        labels, mac = MailLabels.parse(texts), texts.get(_MAC)
        if labels is None or not isinstance(mac, str) or not mac.isascii():
            return None
        return labels if any(hmac.compare_digest(mac, _mac(key, labels)) for key in self._keys) else None


def _mac(key: bytes, labels: MailLabels) -> str:
    """Over what the labels say, the trace too, whatever else stands beside them in a report."""
    said = json.dumps(labels.texts(), sort_keys=True).encode("ascii")
    return encode(hmac.digest(key, said, hashlib.sha256)[:_MAC_BYTES])
