"""The lead pool over real HTTP: listed, claimed, followed up, put back, assigned; in both chats and both languages."""

import re
from datetime import timedelta

import pytest

from domain.leads import Stage
from domain.permissions import Role
from models.audit import AuditEntry
from models.customers import Customer
from models.leads import Lead
from models.notes import Note
from models.staff import Staff
from models.tasks import Task
from tests.journeys.conftest import Build
from tests.journeys.town import ADMIN, Town

MIA, TOM = 50001, 50002
CHEN = "oSandboxCustomer00000000001"
LILEI, LUCY = "lilei", "20002"


@pytest.fixture
async def pool(build: Build) -> Town:
    """Li Lei works in WeCom and in Chinese, Lucy in Telegram and in English; Mia is L1, Chen L2."""
    town = await build(staff=[{"name": "管理员", "role": "admin", "accounts": {"telegram": ADMIN}}])
    await town.hire("李雷", Role.SALES, wecom=LILEI)
    lucy = await town.hire("Lucy", Role.SALES, telegram=LUCY)
    await Staff.filter(id=lucy.id).update(language="en")
    await town.telegram.user_says(MIA, "Is the X200 in stock?", first_name="Mia")
    await town.settled()
    await town.wechat.user_says(CHEN, "你好")
    await town.settled()
    return town


def card(town: Town, userid: str = LILEI) -> tuple[str, list[str]]:
    """The task id of a member's last card, and what its buttons stand for."""
    sent = [call.body for call in town.calls("wecom", "message/send") if call.body["touser"] == userid]
    found = [body["template_card"] for body in sent if "template_card" in body][-1]
    return found["task_id"], [button["key"] for button in found["button_list"]]


def keyboard(town: Town, number: str) -> tuple[int, dict[str, str]]:
    """The last message with buttons in a Telegram chat, and what each button stands for."""
    sent = [call for call in town.calls("telegram", "sendMessage") if str(call.body["chat_id"]) == number]
    call = [call for call in sent if call.body.get("reply_markup")][-1]
    assert call.answer
    rows = call.body["reply_markup"]["inline_keyboard"]
    buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
    return call.answer["result"]["message_id"], buttons


async def test_a_new_lead_is_claimed_from_the_alert_and_only_once(pool: Town) -> None:
    message, buttons = keyboard(pool, ADMIN)
    assert buttons == {"看名片": "show C2", "我来跟": "claim L2"}
    assert "我来跟：领 L2" in pool.telegram_texts()[-1]
    for _ in range(2):
        await pool.telegram.press(int(ADMIN), message, "claim L2")
        await pool.settled()
    assert pool.telegram_texts()[-1].startswith("L2 归你了：C2")
    assert sum("L2 归你了" in text for text in pool.telegram_texts()) == 1
    assert await pool.staff_says("claim L2", LUCY) == "管理员 has L2 already. Please talk to 管理员 or their manager."
    assert (await AuditEntry.filter(typed="claim L2").order_by("number").first()).subjects == "L2 C2"  # type: ignore[union-attr]


async def test_the_day_of_a_lead_in_wecom(pool: Town) -> None:
    listed = await pool.member_says("线索 状态=新 渠道=tg 7天", LILEI)
    assert "1. L1 Mia Novak · Telegram · 新线索 · 刚刚 · 没人跟" in listed
    assert "Mia" in await pool.member_says("1", LILEI)
    assert "L1 归你了：C1 Mia" in await pool.member_says("领 L1", LILEI)
    assert card(pool)[1] == ["show C1", "talk C1", "release L1"]
    told = await pool.member_says("跟进 L1 已联系 周三回电", LILEI)
    assert "新线索 → 沟通中" in told
    assert re.search(r"待办 T1：20\d\d-\d\d-\d\d 09:00 \(Asia/Shanghai\) 回电", told)
    assert "跟进得怎么样" in await pool.member_says("跟进 L1", LILEI)
    task, steps = card(pool)
    assert steps == ["follow L1 interested", "follow L1 won", "follow L1 lost"]
    for _ in range(2):
        await pool.wecom.member_presses(LILEI, "follow L1 interested", task)
        await pool.settled()
    assert "沟通中 → 有意向" in pool.wecom_texts(LILEI)[-1]
    assert [note.text for note in await Note.all().order_by("id")] == ["周三回电", "有意向"]
    assert "L1 放回公海了" in await pool.member_says("放 L1", LILEI)
    assert "公海" in pool.wecom_texts(LILEI)[-1]
    await pool.wecom.member_presses(LILEI, "claim L1", card(pool)[0])
    await pool.settled()
    assert "L1 归你了" in pool.wecom_texts(LILEI)[-1]


async def test_the_day_of_a_lead_in_telegram_in_english(pool: Town) -> None:
    listed = await pool.staff_says("leads status=new via=telegram 7d", LUCY)
    assert "1. L1 Mia Novak · Telegram · new · just now · free" in listed
    assert "L1 is yours: C1 Mia" in await pool.staff_says("claim L1", LUCY)
    told = await pool.staff_says("follow L1 interested send the quote tomorrow", LUCY)
    assert "new → interested" in told
    assert "send the quote" in (await Task.get()).text
    await pool.staff_says("follow L1", LUCY)
    message, buttons = keyboard(pool, LUCY)
    assert buttons == {"talking": "follow L1 talking", "won": "follow L1 won", "lost": "follow L1 lost"}
    await pool.telegram.press(int(LUCY), message, "follow L1 won")
    await pool.settled()
    assert "interested → won" in pool.telegram_texts(LUCY)[-1]
    assert (await Lead.get(id=1)).stage is Stage.WON
    assert "L1" not in await pool.staff_says("leads mine", LUCY)
    assert "L1 Mia" in await pool.staff_says("leads won", LUCY)
    assert "back in the pool" in await pool.staff_says("release L1", LUCY)


async def test_an_assignment_is_told_in_each_ones_chat_and_language(pool: Town) -> None:
    await pool.staff_says("claim L1", LUCY)
    assert "分给谁" in await pool.staff_says("分配 L1")
    assert "分给 李雷 了" in await pool.staff_says("lilei")
    assert "L1 (C1 Mia Novak) is no longer yours: 管理员 gave it to 李雷." in pool.telegram_texts(LUCY)[-1]
    assert "管理员 把 L1 分给你了：C1 Mia" in pool.wecom_texts(LILEI)[-1]
    task, buttons = card(pool)
    assert buttons == ["show C1", "talk C1"]
    await pool.wecom.member_presses(LILEI, "talk C1", task)
    await pool.settled()
    assert "Is the X200 in stock?" in pool.wecom_texts(LILEI)[-1]
    before = len(pool.wecom_texts(LILEI))
    await pool.telegram.user_says(MIA, "Hello?", first_name="Mia")
    await pool.settled()
    assert "Hello?" in pool.wecom_texts(LILEI)[before]
    assert "You need to be manager or above" in await pool.staff_says("assign L1 @lucy", LUCY)
    assert (await Customer.get(id=1).select_related("owner")).owner.name == "李雷"  # type: ignore[union-attr]


async def test_a_lost_customer_who_writes_again_is_in_the_pool_once_more(pool: Town) -> None:
    await pool.staff_says("follow L1 lost no budget", LUCY)
    assert "L1" not in await pool.staff_says("leads", LUCY)
    pool.clock.forward(days=2)
    await pool.telegram.user_says(MIA, "I changed my mind", first_name="Mia")
    await pool.settled()
    assert "L1 Mia Novak · Telegram · new · 2 d ago · free" in await pool.staff_says("leads", LUCY)
    assert (await Lead.get(id=1)).created_at < pool.clock() - timedelta(days=1)
