"""The mailbox page, as a person reads it, in Chromium."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from deploy.local.seed_data import SeedAccount
from deploy.local.system import LocalSystem
from tests.chromium import QUIET, chromium
from tests.journeys.person import Gateway


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        yield await browser.new_page()
        await browser.close()


async def test_a_person_reads_the_code_on_the_mailbox_page(
    page: Page, gateway: Gateway, people: Callable[..., list[SeedAccount]], system: LocalSystem, tmp_path: Path
) -> None:
    (ada,) = people(1)
    await page.goto(system.mailbox.url)
    challenge = await gateway.log_in(ada)
    await page.get_by_label("Filter by address or subject").fill(ada.email)
    await page.locator("#list").get_by_text("sign-in code").first.click()  # it appears without a reload

    (code,) = await gateway.codes(ada.email)
    await expect(page.locator("#text")).to_contain_text(code)
    await expect(page.locator("#text")).to_contain_text(f"@gatepost.example #{code}")
    await expect(page.frame_locator("#html").get_by_text(code, exact=True)).to_be_visible()
    await page.screenshot(path=tmp_path / "mailbox.png")
    assert (await gateway.verify(challenge, code)).status == 200


async def test_what_is_planned_for_the_next_mails_is_said_on_the_page(
    page: Page, gateway: Gateway, system: LocalSystem
) -> None:
    await page.goto(system.mailbox.url)
    await gateway.fault(fault="hang", count=3)
    await gateway.becomes(events=["bounce"], delay_s=2)
    await expect(page.get_by_role("alert")).to_have_text(
        "A fault is set: the provider never answers for the next 3. "
        "Of mails it reports bounce after 2 s until it is cleared."
    )
    await gateway.clear_plans()
    await expect(page.get_by_role("alert")).to_be_hidden()
