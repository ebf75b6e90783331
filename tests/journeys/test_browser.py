"""What a newcomer sees in the first minute: our server behind the chat page, in a real browser, in both languages."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from models.leads import Lead
from tests.journeys.town import Town

CHROMIUM = os.environ.get("GUANXI_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-quic", "--disable-background-networking", "--disable-gpu"]
NO_BROWSER = "no browser: install chromium or name one in GUANXI_CHROMIUM"
PATIENCE = 20_000  # ms: a busy machine is no fault of the page


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture
async def page(browser: Browser, town: Town) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    opened = await context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    expect.set_options(timeout=PATIENCE)
    await opened.goto(f"{town.sandbox.stage.settings.base_url}/")
    yield opened
    await context.close()
    assert problems == []


async def say(page: Page, phone: str, text: str) -> None:
    await page.locator(f"#phone-{phone} [name=text]").fill(text)
    await page.locator(f"#phone-{phone} [name=text]").press("Enter")


async def test_a_customer_writes_a_colleague_reads_and_answers(page: Page) -> None:
    await say(page, "official", "你们周末营业吗？")
    await expect(page.locator("#phone-official .theirs").last).to_contain_text("很高兴认识您")
    staff = page.locator("#phone-telegram-staff .theirs")
    await expect(staff.last).to_contain_text("新线索 L1")
    await expect(staff.last).to_contain_text("你们周末营业吗？")
    await say(page, "telegram-staff", "看 C1")
    await expect(staff.last).to_contain_text("C1")
    await say(page, "telegram-staff", "回复 C1 营业的，十点到晚上八点")
    await expect(page.locator("#phone-official .theirs").last).to_contain_text("营业的，十点到晚上八点")
    await say(page, "official", "好的，谢谢")
    await expect(staff.last).to_contain_text("好的，谢谢")
    assert (await Lead.get()).first_words == "你们周末营业吗？"


async def test_the_same_in_english_from_telegram_to_wecom(page: Page) -> None:
    await page.get_by_role("button", name="English").click()
    await say(page, "wecom-staff", "lang en")
    staff = page.locator("#phone-wecom-staff .theirs")
    await expect(staff.last).to_contain_text("English")
    await say(page, "telegram", "Is the X200 in stock?")
    await expect(page.locator("#phone-telegram .theirs")).to_have_count(1)
    await say(page, "wecom-staff", "find mia")
    await expect(staff.last).to_contain_text("Mia Novak")
    await say(page, "wecom-staff", "reply C1 It is, come by any time")
    await expect(page.locator("#phone-telegram .theirs").last).to_contain_text("It is, come by any time")
    await say(page, "wecom-staff", "talk C1")
    await expect(staff.last).to_contain_text("Is the X200 in stock?")


async def test_a_contact_is_added_and_welcomed(page: Page) -> None:
    await page.get_by_role("button", name="添加王芳为联系人").click()
    await expect(page.locator("#phone-contact .theirs")).to_contain_text("刘洋，您好")
    await expect(page.locator("#phone-telegram-staff .theirs").last).to_contain_text("刘洋")
