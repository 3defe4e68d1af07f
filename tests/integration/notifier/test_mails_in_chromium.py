"""The mails as a browser draws them, and `gatepost mail preview`."""

import os
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, async_playwright

from services.notifier.commands.sample_mails import sample_mails
from services.notifier.domain.notice_mail import Details, NoticeMail
from shared.events import NoticeKind
from tests.chromium import QUIET, chromium
from tests.unit.notifier.fakes import NOW
from tests.unit.notifier.mails import LOCALES, templates

TEMPLATES = templates(support="help@gatepost.example")
LONG = Details("W" * 80, "Zürich " * 10, "ש" * 80)
ENV = {"GATEPOST_BRAND": "Gatepost", "GATEPOST_MAIL_DOMAIN": "gatepost.example", "PATH": os.environ["PATH"]}

# WCAG 2.2 §1.4.3, of each piece of text against the nearest background that is painted.
LEAST_CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    const painted = rgb(getComputedStyle(e).backgroundColor);
    return painted.length === 4 && painted[3] === 0 ? behind(e.parentElement) : painted;
  };
  return Math.min(...[...document.querySelectorAll("p")].map(p => {
    const [a, b] = [light(rgb(getComputedStyle(p).color)), light(behind(p))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        await browser.close()


def pages(locale: str) -> list[str]:
    long = NoticeMail(NoticeKind.FACTOR_CHANGED, locale, NOW, details=LONG)
    return [content.html for _, content in sample_mails(TEMPLATES, locale)] + [TEMPLATES.notice(long).html]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", LOCALES)
async def test_a_mail_fits_a_small_phone_can_be_read_and_fetches_nothing(
    browser: Browser, locale: str, scheme: Literal["light", "dark"]
) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 480}, color_scheme=scheme)
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for html in pages(locale):
        await page.set_content(html)
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
        assert await page.evaluate(LEAST_CONTRAST) >= 4.5
        directions = await page.evaluate("[...document.querySelectorAll('p')].map(p => getComputedStyle(p).direction)")
        assert directions.count("rtl" if locale == "ar" else "ltr") >= len(directions) - 1  # the code's is its own
    assert asked == []
    await context.close()


def test_preview_writes_each_mail_as_html_text_and_pictures(tmp_path: Path) -> None:
    chromium()
    run = preview("--out", str(tmp_path), "--locale", "ar")
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"19 mails and 76 pictures of them are in {tmp_path}\n"
    folder = tmp_path / "ar"
    assert len(list(tmp_path.rglob("*.*"))) == 19 * 6
    assert 'dir="rtl"' in (folder / "passcode-login.html").read_text()
    text = (folder / "passcode-login.txt").read_text()
    assert text.startswith("Subject: رمز تسجيل الدخول إلى")
    assert text.endswith("\n@gatepost.example #402817\n")
    for device, width in {"phone": 390, "desktop": 1024}.items():
        light, dark = ((folder / f"passcode-login-{device}-{scheme}.png").read_bytes() for scheme in ("light", "dark"))
        assert light != dark
        assert struct.unpack(">I", light[16:20]) == (width,)  # PNG (ISO 15948) §11.2.2


def test_preview_without_playwright_says_what_to_install_and_writes_the_rest(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "playwright.py").write_text("raise ModuleNotFoundError(name='playwright')")
    run = preview("--out", str(tmp_path / "out"), "--locale", "en", PYTHONPATH=f"{hidden}:{Path.cwd()}")
    assert run.returncode == 1
    assert "pip install playwright" in run.stderr
    assert len(list((tmp_path / "out" / "en").glob("*.html"))) == 19
    assert list(tmp_path.rglob("*.png")) == []


def test_preview_knows_its_languages(tmp_path: Path) -> None:
    run = preview("--out", str(tmp_path), "--locale", "xx")
    assert run.returncode == 2
    assert "invalid choice: 'xx'" in run.stderr


def preview(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.gatepost", "mail", "preview", *arguments]
    return subprocess.run(command, env=ENV | env, capture_output=True, text=True, timeout=120)
