"""Pictures of mails as Chromium shows them, on a phone and on a desk, in the light and in the dark."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS: Final = {"phone": 390, "desktop": 1024}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")

# Without these Chromium looks for its maker's hosts at every start.
_QUIET: Final = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class NoBrowser(Exception):
    """Says what to install."""


def draw_mails(mails: Mapping[Path, str]) -> int:
    """HTML by where it is to be drawn, without the ending; answers how many pictures there are. Offline, so that
    whatever a mail would fetch is missing in them.

    Raises: NoBrowser.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        raise NoBrowser("pictures need Playwright (pip install playwright) and Chromium") from None
    with sync_playwright() as playwright:
        # A distribution's own, or the one that Playwright keeps.
        path = shutil.which("chromium") or shutil.which("google-chrome")
        try:
            browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        except Error:
            raise NoBrowser(
                "pictures need Chromium: the package chromium (Debian), or playwright install chromium"
            ) from None
        with browser:
            return _draw_all(browser, mails)


def _draw_all(browser: "Browser", mails: Mapping[Path, str]) -> int:
    drawn = 0
    for device, width in WIDTHS.items():
        for scheme in SCHEMES:
            # Low, since a picture is never lower than the page and grows with the mail.
            viewport = {"width": width, "height": 200}
            with browser.new_context(viewport=viewport, color_scheme=scheme, offline=True) as context:  # type: ignore[arg-type]
                page = context.new_page()
                for path, html in mails.items():
                    page.set_content(html)
                    page.screenshot(path=path.with_name(f"{path.name}-{device}-{scheme}.png"), full_page=True)
                    drawn += 1
    return drawn
