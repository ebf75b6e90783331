"""The chat page in a real browser, against a tiny server that answers over the simulated APIs."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.pytest_plugin import AiohttpServer
from playwright.async_api import Browser, Page, async_playwright, expect

from sandbox import Sandbox, SandboxSettings
from sandbox.cgi import Asked
from sandbox.page.cast import FRIEND, SALES
from sandbox.wecom.broadcasts import add_msg_template
from tests.sandbox.echo import EchoServer

CHROMIUM = os.environ.get("GUANXI_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-quic", "--disable-background-networking", "--disable-gpu"]
NO_BROWSER = "no browser: install chromium or name one in GUANXI_CHROMIUM"
PICTURES = os.environ.get("GUANXI_SCREENSHOTS", "")


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
async def echo(aiohttp_server: AiohttpServer) -> AsyncIterator[tuple[EchoServer, Sandbox]]:
    async with aiohttp.ClientSession() as session:
        server = EchoServer(SandboxSettings(server_url=""), session)
        running = await aiohttp_server(server.app())
        sandbox = Sandbox(SandboxSettings(server_url=str(running.make_url("")).rstrip("/")))
        await sandbox.start()
        served = await aiohttp_server(sandbox.app)
        server.url = str(served.make_url("")).rstrip("/")
        yield server, sandbox
        await sandbox.close()


@pytest.fixture
async def page(browser: Browser, echo: tuple[EchoServer, Sandbox]) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    opened = await context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    await opened.goto(f"{echo[0].url}/")
    yield opened
    await context.close()
    assert problems == []


async def picture(page: Page, name: str) -> None:
    """Kept only when GUANXI_SCREENSHOTS names a folder."""
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def broadcast(sandbox: Sandbox, text: str) -> str:
    """A task for the colleague whom the page's customer has added."""
    body = {"sender": SALES, "external_userid": [FRIEND], "text": {"content": text}}
    return str(add_msg_template(sandbox.wecom, Asked({}, body))["msgid"])


async def say(page: Page, phone: str, text: str) -> None:
    await page.locator(f"#phone-{phone} [name=text]").fill(text)
    await page.locator(f"#phone-{phone} [name=text]").press("Enter")


async def test_customers_and_staff_talk(page: Page) -> None:
    await expect(page.locator("#live")).to_have_text("已连接")
    await page.get_by_role("button", name="扫码关注（展会）").click()
    await say(page, "official", "你们<b>周末</b>营业吗？")
    await expect(page.locator("#phone-official .theirs")).to_contain_text("收到：你们<b>周末</b>营业吗？")
    await page.get_by_role("button", name="开始", exact=True).click()
    await page.get_by_role("button", name="分享手机号").click()
    await expect(page.locator("#phone-telegram .theirs").last).to_contain_text("号码 +8613800000000")
    await expect(page.get_by_role("button", name="分享手机号")).to_have_count(0)
    await page.get_by_label("来源").select_option("ch_expo_2026")
    await page.get_by_role("button", name="添加王芳为联系人").click()
    await expect(page.locator("#phone-contact .theirs")).to_contain_text("来源：ch_expo_2026")
    await page.locator("#phone-wecom-staff .chip").first.click()
    await page.locator("#phone-wecom-staff").get_by_role("button", name="领取").click()
    await expect(page.locator("#phone-wecom-staff .replaced")).to_have_text("已领取")
    await say(page, "telegram-staff", "查 Mia")
    await page.locator("#phone-telegram-staff").get_by_role("button", name="领取").click()
    await expect(page.locator("#phone-telegram-staff .theirs")).to_contain_text("已领取 ✅")
    await picture(page, "wide-zh")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("h1")).to_have_text("Guanxi · sandbox")
    await expect(page.locator("#phone-telegram-staff .chip").first).to_have_text("lang en")
    await picture(page, "wide-en")


async def test_a_reload_keeps_the_chats_and_the_language(page: Page) -> None:
    await say(page, "official", "在吗")
    await expect(page.locator("#phone-official .theirs")).to_contain_text("收到：在吗")
    await page.get_by_role("button", name="English").click()
    await page.reload()
    await expect(page.locator("#phone-official .theirs")).to_contain_text("收到：在吗")
    await expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_long_chat_scrolls_in_its_phone_and_not_the_page(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    height = await page.evaluate("document.documentElement.scrollHeight")
    await say(page, "official", "很长的消息 " * 400)
    await say(page, "official", "在吗")
    await expect(page.locator("#phone-official .theirs").last).to_contain_text("收到：在吗")
    assert await page.locator("#phone-official .messages").evaluate("node => node.scrollHeight > 2 * node.clientHeight")
    assert await page.evaluate("document.documentElement.scrollHeight") == height


async def test_a_message_may_have_several_lines(page: Page) -> None:
    box = page.locator("#phone-official [name=text]")
    await box.fill("第一行")
    await box.press("Shift+Enter")
    await box.press_sequentially("第二行")
    await box.press("Enter")
    await expect(page.locator("#phone-official .mine p")).to_have_text("第一行\n第二行", use_inner_text=True)
    await expect(page.locator("#phone-official .theirs")).to_contain_text("收到：第一行")
    await expect(box).to_have_value("")


async def test_a_message_the_server_does_not_take(page: Page, echo: tuple[EchoServer, Sandbox]) -> None:
    echo[0].is_down = True
    await say(page, "official", "在吗")
    await expect(page.locator("#phone-official .note.alarm")).to_contain_text("503")


async def test_on_a_narrow_screen_one_phone_at_a_time(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await say(page, "official", "请问周末营业吗？")
    await expect(page.locator("#phone-official .theirs")).to_contain_text("收到")
    await picture(page, "narrow-zh-official")
    await page.get_by_role("button", name="企微员工").click()
    await expect(page.locator("#phone-official")).to_be_hidden()
    await say(page, "wecom-staff", "查 陈晨")
    await expect(page.locator("#phone-wecom-staff .bubble.card")).to_be_visible()
    await picture(page, "narrow-zh-staff")
    await page.get_by_role("button", name="English").click()
    await page.get_by_role("button", name="Contact", exact=True).click()
    await page.get_by_role("button", name="Add Wang Fang as a contact").click()
    await expect(page.locator("#phone-contact .theirs")).to_be_visible()
    await picture(page, "narrow-en-contact")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width == 390


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_long_button_stays_on_its_card_and_one_press_replaces_all(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    if width == 390:
        await page.get_by_role("button", name="企微员工").click()
    await say(page, "wecom-staff", "the lead of the lady who wrote about the X200 this morning")
    card = page.locator("#phone-wecom-staff .bubble.card")
    await expect(card).to_be_visible()
    assert await card.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert await page.locator("#phone-wecom-staff .messages").evaluate("node => node.scrollWidth <= node.clientWidth")
    await card.get_by_role("button", name="领取").click()
    await expect(card.locator(".replaced")).to_have_text("已领取")
    await expect(card.get_by_role("button")).to_have_count(0)
    await picture(page, f"pressed-{width}")


async def test_a_slow_phone_presses_once_more(page: Page, echo: tuple[EchoServer, Sandbox]) -> None:
    server, sandbox = echo
    await say(page, "wecom-staff", "查 陈晨")
    await page.locator("#phone-wecom-staff").get_by_role("button", name="领取").click()
    await expect(page.locator("#phone-wecom-staff .replaced")).to_have_text("已领取")
    presses = len(server.presses)
    await sandbox.wecom.member_presses("admin-userid", "skip", "lead_1")
    assert [press["EventKey"] for press in server.presses[presses:]] == ["skip"]
    assert server.presses[-1]["ResponseCode"] != server.presses[0]["ResponseCode"]
    await expect(page.locator("#phone-wecom-staff .replaced")).to_have_count(1)


async def test_a_group_send_waits_for_its_member_and_then_reaches_the_customer(
    page: Page, echo: tuple[EchoServer, Sandbox]
) -> None:
    _, sandbox = echo
    await page.get_by_role("button", name="添加王芳为联系人").click()
    await expect(page.locator("#phone-contact .note")).to_have_count(1)
    task = broadcast(sandbox, "周六到店礼 <b>🎁</b>")
    card = page.locator("#phone-wecom-staff .bubble.task")
    await expect(card).to_contain_text("由 王芳 发给 1 位客户")
    await expect(card).to_contain_text("周六到店礼 <b>🎁</b>")
    await expect(page.locator("#phone-contact")).not_to_contain_text("周六到店礼")
    await picture(page, "task-zh")
    assert await page.evaluate((Path(__file__).parent / "contrast.js").read_text()) == []
    await card.get_by_role("button", name="发送").click()
    await expect(page.locator("#phone-contact .theirs").last).to_contain_text("周六到店礼 <b>🎁</b>")
    await expect(card).to_contain_text("已发送")
    await expect(card.get_by_role("button")).to_have_count(0)
    await page.get_by_role("button", name="English").click()
    await expect(card).to_contain_text("From Wang Fang · customers: 1")
    assert [letter.by for letter in sandbox.wecom.received(FRIEND)] == [task]


async def test_every_control_has_a_name_and_a_place_in_the_order(page: Page) -> None:
    await say(page, "wecom-staff", "帮助")
    await expect(page.locator("#phone-wecom-staff .bubble.card")).to_be_visible()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, select, a')]
            .filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim()))
            .map((node) => node.outerHTML)"""
    )
    assert nameless == []
    await page.get_by_role("button", name="中文").focus()
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.closest('#phone-telegram-staff .composer') !== null"):
            break
    else:
        pytest.fail("the last composer cannot be reached by keyboard")


async def test_contrast(page: Page) -> None:
    await say(page, "wecom-staff", "帮助")
    await page.get_by_role("button", name="开始", exact=True).click()
    await page.locator("#phone-wecom-staff").get_by_role("button", name="领取").click()
    await expect(page.locator("#phone-wecom-staff .replaced")).to_be_visible()
    await say(page, "wecom-staff", "聊天")
    await expect(page.locator("#phone-wecom-staff .bubble.card")).to_have_count(2)
    assert await page.evaluate((Path(__file__).parent / "contrast.js").read_text()) == []
