"""The templates as the settings ask for them."""

import sys

from services.notifier.adapters.bad_template import BadTemplate
from services.notifier.adapters.languages import catalogues
from services.notifier.adapters.mail_templates import MailTemplates
from services.notifier.domain.brand import Brand
from services.notifier.settings import MailSettings


def read_templates(settings: MailSettings) -> MailTemplates:
    """Or, as for the settings themselves (shared/settings.py), an end of the process that names what is wrong."""
    brand = Brand(settings.brand, settings.mail_domain, settings.brand_color, settings.support_address)
    try:
        return MailTemplates(catalogues(), brand, settings.mail_templates)
    except BadTemplate as error:
        print(f"setting GATEPOST_MAIL_TEMPLATES: {error}", file=sys.stderr)  # noqa: T201 - as for the settings
        raise SystemExit(2) from None
