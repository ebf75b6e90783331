"""To-dos: every command in both chats and languages, and reminders that come once, whatever the server went through."""

from functools import partial

import pytest

from domain.permissions import Role
from models.inbox import InboxEvent
from models.tasks import Task
from sandbox import Call
from tests.journeys.town import Town

LUCY = "20002"
LILEI = "lilei"
MIA = 50001


@pytest.fixture
async def staffed(town: Town) -> Town:
    """Li Lei in WeCom and in Chinese, Lucy in Telegram and in English; one customer whom nobody has."""
    await town.hire("李雷", Role.SALES, wecom=LILEI)
    lucy = await town.hire("Lucy", Role.SALES, telegram=LUCY)
    await lucy.speak("en")
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    return town


def keyboard(town: Town) -> tuple[Call, dict[str, str]]:
    """The last message with buttons in Telegram, and what they stand for."""
    call = next(each for each in reversed(town.calls("telegram", "sendMessage")) if "reply_markup" in each.body)
    rows = call.body["reply_markup"]["inline_keyboard"]
    return call, {button["text"]: button["callback_data"] for row in rows for button in row}


def card(town: Town) -> tuple[str, dict[str, str]]:
    """The task id of the last card in WeCom, and its buttons."""
    sent = [call.body["template_card"] for call in town.calls("wecom", "message/send") if "template_card" in call.body]
    return sent[-1]["task_id"], {button["text"]: button["key"] for button in sent[-1]["button_list"]}


async def test_every_command_in_wecom_and_in_chinese(staffed: Town) -> None:
    says = partial(staffed.member_says, userid=LILEI)
    assert "T1 报价 · C1 Mia" in await says("待办 加 后天10点 报价 C1")
    assert "10:00 (Asia/Shanghai)" in staffed.wecom_texts(LILEI)[-1]
    assert "要做什么" in await says("待办 加")
    assert "记下了，T2 打电话" in await says("打电话")
    assert "T2 改到" in await says("1")
    listed = (await says("待办")).splitlines()
    assert [line.split()[1] for line in listed[1:]] == ["T2", "T1"]
    assert "待办 T1" in await says("2")
    assert card(staffed)[1] == {"完成": "done T1", "明天再说": "defer T1 tomorrow 10:00"}
    assert "T2 改到什么时候" in await says("改期 T2")
    assert "15:00" in await says("后天下午3点")
    assert "T2 改到" in await says("改期 T2 3天后")
    assert "T2 完成" in await says("完成 T2")
    assert "T2 已经完成了" in await says("完成 T2")
    assert "1. T1" in await staffed.member_says("待办 @李雷")  # the administrator
    assert "T1 is 李雷's to-do" in await staffed.staff_says("完成 T1", LUCY)


async def test_every_command_in_telegram_and_in_english(staffed: Town) -> None:
    says = partial(staffed.staff_says, number=LUCY)
    assert "Noted, T1 quote · C1 Mia" in await says("todo add in 2 days quote C1")
    assert "What is to be done" in await says("/todo add")
    assert "Noted, T2 call" in await says("call")
    assert "T2 is put off" in await says("1")
    assert "1. T2" in await says("todo")
    assert "To-do T2" in await says("1")
    assert "until when?" in await says("defer T2")
    assert "T2 is put off" in await says("tomorrow 3pm")
    assert "T2 is put off" in await says("defer T2 next mon")
    assert "T2 done" in await says("done T2")
    assert "T2 is done already" in await says("/done t2")
    assert "There is no to-do" in await says("done T9")


async def test_a_reminder_comes_once_through_restarts_and_downtime(staffed: Town) -> None:
    await staffed.staff_says("todo add in 2 hours quote", LUCY)
    await staffed.staff_says("todo add in 5 hours call", LUCY)
    before = len(staffed.telegram_texts(LUCY))
    staffed.clock.forward(hours=1, minutes=59)
    await staffed.settled()
    await staffed.restart()
    await staffed.settled()
    assert len(staffed.telegram_texts(LUCY)) == before
    staffed.clock.forward(minutes=2)
    await staffed.settled()
    assert staffed.telegram_texts(LUCY)[before:][0].startswith("To-do T1 is due\nquote\n")
    await staffed.close()
    staffed.clock.forward(hours=6)
    await staffed.open()
    await staffed.settled()
    await staffed.restart()
    await staffed.settled()
    told = staffed.telegram_texts(LUCY)[before:]
    assert len(told) == 2
    assert told[1].startswith("To-do T2 was due, sorry to be late\ncall\nIt was due at ")


async def test_a_deferred_to_do_reminds_at_the_new_time_only(staffed: Town) -> None:
    await staffed.member_says("待办 加 2小时后 报价", LILEI)
    await staffed.member_says("改期 T1 4小时后", LILEI)
    await staffed.member_says("待办 加 2小时后 打电话", LILEI)
    await staffed.member_says("完成 T2", LILEI)
    before = len(staffed.wecom_texts(LILEI))
    staffed.clock.forward(hours=3)
    await staffed.settled()
    assert len(staffed.wecom_texts(LILEI)) == before
    staffed.clock.forward(hours=1, minutes=1)
    await staffed.settled()
    assert [text.splitlines()[0] for text in staffed.wecom_texts(LILEI)[before:]] == ["待办 T1 到点了"]
    assert await InboxEvent.filter(state="waiting").count() == 0


async def test_the_buttons_of_a_reminder_in_telegram(staffed: Town) -> None:
    await staffed.staff_says("todo add in 2 hours quote", LUCY)
    staffed.clock.forward(hours=2, minutes=1)
    await staffed.settled()
    call, buttons = keyboard(staffed)
    said = len(staffed.telegram_texts(LUCY))
    for _ in range(2):  # the second press finds the message used
        await staffed.telegram.press(int(LUCY), call.answer["result"]["message_id"], buttons["Tomorrow"])
        await staffed.settled()
    assert [text.splitlines()[0][:16] for text in staffed.telegram_texts(LUCY)[said:]] == ["T1 is put off un"]
    assert len(staffed.calls("telegram", "answerCallbackQuery")) == 2
    staffed.clock.forward(days=1)
    await staffed.settled()
    call, buttons = keyboard(staffed)
    await staffed.telegram.press(int(LUCY), call.answer["result"]["message_id"], buttons["Done"])
    await staffed.settled()
    assert staffed.telegram_texts(LUCY)[-1] == "T1 done ✓ quote"
    assert (await Task.get()).state == "done"


async def test_the_buttons_of_a_reminder_in_wecom(staffed: Town) -> None:
    await staffed.member_says("待办 加 2小时后 报价 C1", LILEI)
    staffed.clock.forward(hours=2, minutes=1)
    await staffed.settled()
    task_id, buttons = card(staffed)
    said = len(staffed.wecom_texts(LILEI))
    for _ in range(2):
        await staffed.wecom.member_presses(LILEI, buttons["完成"], task_id)
        await staffed.settled()
    assert staffed.wecom_texts(LILEI)[said:] == ["T1 完成 ✓ 报价"]
    assert (await Task.get()).state == "done"
