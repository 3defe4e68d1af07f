"""`gatepost mail preview`: every mail in every language, as HTML, as text and as pictures."""

import argparse
import sys
from pathlib import Path

from services.notifier.adapters.read_templates import read_templates
from services.notifier.commands.draw_mails import NoBrowser, draw_mails
from services.notifier.commands.sample_mails import sample_mails
from services.notifier.settings import MailSettings
from shared.settings import read


def main(arguments: list[str]) -> None:
    templates = read_templates(read(MailSettings))
    parser = argparse.ArgumentParser(
        prog="gatepost mail preview",
        description="Write every mail, with the brand and the templates of the settings, as .html, .txt and .png.",
    )
    parser.add_argument("--out", type=Path, default=Path("mail-preview"), metavar="DIR", help="default: %(default)s")
    text = "may be given again; default: all"
    parser.add_argument("--locale", action="append", choices=templates.languages, dest="locales", help=text)
    given = parser.parse_args(arguments)
    pages: dict[Path, str] = {}
    for locale in given.locales or templates.languages:
        folder: Path = given.out / locale
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in sample_mails(templates, locale):
            text = f"Subject: {content.subject}\n\n{content.text}\n"
            (folder / f"{name}.txt").write_text(text, "utf-8")
            (folder / f"{name}.html").write_text(content.html, "utf-8")
            pages[folder / name] = content.html
    try:
        pictures = draw_mails(pages)
    except NoBrowser as error:
        sys.exit(f"{len(pages)} mails are in {given.out}, but no pictures of them: {error}")
    print(f"{len(pages)} mails and {pictures} pictures of them are in {given.out}")  # noqa: T201 - the answer
