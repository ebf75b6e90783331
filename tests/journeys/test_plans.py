"""Dangerous commands over real HTTP: confirmed, cancelled, approved, rejected, typed and pressed, in both languages."""

import re

import pytest

from domain.permissions import Role
from models.customers import Customer
from models.leads import Lead
from models.merges import Merge
from models.staff import Staff
from tests.journeys.town import Town

MIA = 50001
EMMA = "20006"
HAN = "hanmeimei"


@pytest.fixture
async def staffed(town: Town) -> Town:
    """Two customers; besides the administrator a manager in WeCom, in Chinese, and one in Telegram, in English."""
    await town.hire("韩梅梅", Role.MANAGER, wecom=HAN)
    emma = await town.hire("Emma", Role.ADMIN, telegram=EMMA)
    await emma.speak("en")
    for number in (0, 1):
        await town.telegram.user_says(MIA + number, "hello", first_name="Mia", last_name=f"No{number}")
    await town.settled()
    return town


async def owned(*names: str) -> None:
    """The customers have different owners: one of them will lose theirs, so another manager must approve."""
    for number, name in enumerate(names, 1):
        staff = await Staff.get(name=name)
        await Customer.filter(id=number).update(owner_id=staff.id)
        await Lead.filter(customer_id=number).update(owner_id=staff.id)


def code_in(preview: str) -> str:
    found = re.search(r"(?:确认|confirm) ([0-9][0-9A-Z]{3})", preview)
    assert found, preview
    return found[1]


def last_card(town: Town, userid: str) -> tuple[str, dict[str, str]]:
    """The task id of the last card of a member, and what its buttons stand for."""
    sent = [call.body for call in town.calls("wecom", "message/send") if "template_card" in call.body]
    card = next(body["template_card"] for body in reversed(sent) if body["touser"] == userid)
    return card["task_id"], {button["text"]: button["key"] for button in card["button_list"]}


def last_keyboard(town: Town, number: str) -> tuple[int, dict[str, str]]:
    """The message with buttons that one person got last in Telegram, and what they stand for."""
    sent = [call for call in town.calls("telegram", "sendMessage") if "reply_markup" in call.body]
    call = next(call for call in reversed(sent) if str(call.body["chat_id"]) == number)
    rows = call.body["reply_markup"]["inline_keyboard"]
    buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
    return call.answer["result"]["message_id"], buttons


async def merged() -> int:
    return await Merge.filter(state="done").count()


async def test_code_and_cancel_in_wecom(staffed: Town) -> None:
    code = code_in(await staffed.member_says("合并 C1 C2"))
    assert "M1 取消了" in await staffed.member_says("取消")
    assert "M1 已经作废" in await staffed.member_says(f"确认 {code}")
    code = code_in(await staffed.member_says("/合并 C1 C2"))
    assert "这个码在这里用不上" in await staffed.staff_says(f"确认 {code}")  # the same person, another chat
    assert "这个码在这里用不上" in await staffed.member_says(f"确认 {code}", HAN)
    wrong = "2AAB" if code == "2AAA" else "2AAA"
    assert "还能再试 4 次" in await staffed.member_says(f"确认 {wrong}")
    assert await merged() == 0
    assert "M2 合并好了" in await staffed.member_says(f"确认 {code.lower()}")
    assert "M2 已经执行过了" in await staffed.member_says(f"confirm {code}")
    assert await merged() == 1


async def test_code_and_cancel_in_telegram_and_in_english(staffed: Town) -> None:
    await staffed.staff_says("merge C1 C2", EMMA)
    message, buttons = last_keyboard(staffed, EMMA)
    assert buttons["Cancel"] == "cancel M1"
    await staffed.telegram.press(int(EMMA), message, buttons["Cancel"])
    await staffed.settled()
    assert "M1 is cancelled" in staffed.telegram_texts(EMMA)[-1]
    assert "nothing to cancel here" in await staffed.staff_says("cancel", EMMA)
    await staffed.staff_says("merge C1 C2", EMMA)
    message, buttons = last_keyboard(staffed, EMMA)
    for _ in range(2):  # a double press, and the platform's repetition of it
        await staffed.telegram.press(int(EMMA), message, buttons["Confirm"])
    await staffed.settled()
    assert sum("M2 done" in text for text in staffed.telegram_texts(EMMA)) == 1
    assert await merged() == 1


async def test_it_is_valid_for_ten_minutes(staffed: Town) -> None:
    code = code_in(await staffed.staff_says("merge C1 C2"))
    staffed.clock.forward(minutes=10)
    late = await staffed.staff_says(f"confirm {code}")
    assert "M1 过了 10 分钟没办完" in late
    assert "合并 " in late.splitlines()[-1]  # how to begin again
    assert await merged() == 0


async def test_approved_in_wecom_what_was_asked_for_in_telegram(staffed: Town) -> None:
    await owned("Emma", "韩梅梅")
    code = code_in(await staffed.staff_says("merge C1 C2", EMMA))
    assert "M1 is confirmed and waits" in await staffed.staff_says(f"confirm {code}", EMMA)
    asked = staffed.wecom_texts(HAN)[-1]
    assert "Emma 请你批准 M1" in asked
    assert "并入 C1" in asked
    assert code not in asked
    assert len(asked.splitlines()) <= 8
    assert await merged() == 0
    task, buttons = last_card(staffed, HAN)
    for _ in range(2):
        await staffed.wecom.member_presses(HAN, buttons["批准"], task)
    await staffed.settled()
    assert sum("已批准 M1，已经执行了" in text for text in staffed.wecom_texts(HAN)) == 1
    assert any("韩梅梅 approved M1, and it is done." in text for text in staffed.telegram_texts(EMMA))
    assert any("M1 done" in text for text in staffed.telegram_texts(EMMA))
    assert "M1 已经执行过了（Emma 发起，韩梅梅 批准）" in await staffed.staff_says("批准 M1")
    assert await merged() == 1


async def test_approved_in_telegram_before_it_is_confirmed_in_wecom(staffed: Town) -> None:
    await owned("Emma", "韩梅梅")
    code = code_in(await staffed.member_says("合并 C1 C2"))
    assert "M1 是你自己发起的" in await staffed.staff_says("approve M1")  # the same administrator, in Telegram
    assert await merged() == 0
    assert "管理员 asks you to approve M1" in staffed.telegram_texts(EMMA)[-1]
    assert "It is done as soon as 管理员 confirms it" in await staffed.staff_says("approve M1", EMMA)
    assert "Emma 批准了 M1。还差你确认" in staffed.wecom_texts()[-1]
    assert "M1 合并好了" in await staffed.member_says(f"确认 {code}")
    assert await merged() == 1


async def test_rejected_in_both_chats_and_languages(staffed: Town) -> None:
    await owned("Emma", "韩梅梅")
    code = code_in(await staffed.member_says("合并 C1 C2"))
    assert "You rejected M1; 管理员 has been told." in await staffed.staff_says("reject M1 not yet", EMMA)
    assert "Emma 驳回了 M1：not yet" in staffed.wecom_texts()[-1]
    assert "M1 被 Emma 驳回了：not yet" in await staffed.member_says(f"确认 {code}")
    await staffed.staff_says("merge C1 C2", EMMA)
    assert "已驳回 M2" in await staffed.member_says("驳回 M2", HAN)
    assert "韩梅梅 rejected M2 and gave no reason." in staffed.telegram_texts(EMMA)[-1]
    assert await merged() == 0
