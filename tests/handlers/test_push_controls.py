"""Here lives what staff do to a push that is under way: look, pause, go on, cancel, try again, remind."""

from datetime import timedelta

import pytest

from domain.outgoing import GroupPushEdit
from domain.permissions import Role
from domain.push_events import PushAsked, PushDue
from handlers.context import House
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, code_of, commands_of, told
from tests.handlers.under_way import (
    asked,
    batches,
    chatting,
    counts,
    ledger,
    promised,
    push,
    settled,
    state_of,
    with_media,
)
from tests.racing import overlapping


@pytest.fixture
def house(house: House) -> House:
    return with_media(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


@pytest.fixture
async def lucy(hire: Hire) -> Phone:
    return await hire("Lucy", Role.MANAGER, language="en")


async def test_how_far_it_is(boss: Phone) -> None:
    made = await chatting(boss)
    boss.clock.forward(minutes=2)
    assert (await boss.say(f"进度 P{made.id}")).splitlines() == [
        "P1 发送中：8 / 11 人（72%）",
        "已发送 4 · 失败 2 · 跳过 1 · 待成员确认 0 · 结果不明 1 · 等待 3",
        "失败：屏蔽了我们 2",
        "跳过：已退订 1",
        "平均 3.5/分，约 17:02 发完",
    ]
    assert commands_of(boss) == ["pause P1", "cancel P1"]


async def test_how_far_it_is_in_english(lucy: Phone) -> None:
    made = await chatting(lucy)
    lucy.clock.forward(minutes=2)
    assert (await lucy.say(f"status P{made.id}")).splitlines() == [
        "P1 is being sent: 8 / 11 people (72 %)",
        "sent 4 · failed 2 · skipped 1 · awaiting member 0 · unknown 1 · waiting 3",
        "Failed: blocked us 2",
        "Skipped: opted out 1",
        "3.5 a minute on average, done about 17:02",
    ]


async def test_the_latest_ones_without_an_id(boss: Phone, hire: Hire) -> None:
    assert await boss.say("进度") == "还没有群发过"
    await chatting(boss)
    await push(boss, state="draft")
    other = await hire("李雷", Role.MANAGER)
    await push(other, state="done", audience="#新客")
    assert (await boss.say("进度")).splitlines() == [
        "最近的群发，回数字看一个：",
        "1. P3 发完了 0/0 · 17:00 · #新客",
        "2. P1 发送中 8/11 · 17:00 · #老客",
    ]
    assert (await boss.say("2")).startswith("P1 发送中")


async def test_a_manager_of_a_team_looks_after_their_own(boss: Phone, hire: Hire) -> None:
    made = await chatting(boss)
    other = await hire("李雷", Role.MANAGER)
    await Staff.filter(name="李雷").update(team="华东")
    assert await other.say("进度") == "还没有群发过"
    for typed in ("进度", "暂停", "继续", "取消", "重发失败", "提醒"):
        assert "是 韩梅梅 发起的" in await other.say(f"{typed} P{made.id}")
    assert (await state_of(made))[0] == "running"


async def test_who_is_no_manager_cancels_nothing(boss: Phone, hire: Hire) -> None:
    made = await chatting(boss)
    seller = await hire("李雷", Role.SALES)
    assert "经理" in await seller.say(f"取消 P{made.id}")
    assert (await state_of(made))[0] == "running"


async def test_a_pause_and_how_it_goes_on(boss: Phone, lucy: Phone) -> None:
    made = await chatting(boss)
    answer = (await lucy.say(f"pause P{made.id}")).splitlines()
    assert answer[0] == "P1 is paused: 8 / 11 people"
    assert commands_of(lucy) == ["resume P1", "cancel P1"]
    assert "Lucy 暂停了 P1" in told(lucy, boss)
    lucy.clock.forward(minutes=5)
    assert await boss.say("暂停 P1") == "P1 已经暂停了（Lucy 17:00）；接着发：继续 P1"
    assert "Lucy 17:00 暂停的" in await boss.say("进度 P1")
    preview = (await boss.say("继续 P1")).splitlines()
    assert preview[0] == "继续 P1：还有 3 人没发"
    assert (await state_of(made)) == ("paused", 1)
    assert (await boss.say(f"确认 {code_of(boss)}")).splitlines()[0] == "P1 接着发，还有 3 人"
    assert (await state_of(made)) == ("running", 2)
    assert await boss.say("继续 P1") == "P1 正在发"


async def test_what_is_promised_and_not_begun_is_taken_back(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 3, boss.clock())
    await promised(made, boss)
    await boss.say("暂停 P1")
    assert (await counts(made), await batches(made), await OutboxItem.all().count()) == ({"waiting": 3}, {}, 1)


async def test_one_of_two_who_pause_at_once_does(boss: Phone, lucy: Phone) -> None:
    made = await chatting(boss)
    answers = await overlapping(lambda: boss.say("暂停 P1"), lambda: lucy.say("pause P1"))
    assert "P1 暂停了" in answers[0]
    assert "paused already" in answers[1]
    assert await state_of(made) == ("paused", 1)


async def test_before_its_time_it_waits_again(boss: Phone) -> None:
    at = boss.clock() + timedelta(hours=1)
    made = await push(boss, state="queued", turn=0, started_at=None, starts_at=at)
    await ledger(made, 2, boss.clock())
    assert "18:00 开始" in await boss.say("进度 P1")
    await boss.say("暂停 P1")
    assert "18:00 开始发" in await boss.say("继续 P1")
    await boss.say(f"确认 {code_of(boss)}")
    assert await state_of(made) == ("queued", 0)
    boss.clock.now = at
    await boss.meet(PushDue(at, made.id))
    assert await state_of(made) == ("running", 1)


async def test_a_time_that_came_by_another_clock_while_it_was_paused_comes_again(boss: Phone) -> None:
    now, at = boss.clock(), boss.clock() + timedelta(hours=1)
    made = await push(boss, state="queued", turn=0, started_at=None, starts_at=at)
    await ledger(made, 2, now)
    await boss.say("暂停 P1")
    boss.clock.now = at
    await boss.meet(PushDue(at, made.id))
    boss.clock.now = now
    await boss.say("继续 P1")
    await boss.say(f"确认 {code_of(boss)}")
    due = await InboxEvent.filter(key__startswith="push:1:due", state="waiting")
    assert [row.own() for row in due] == [PushDue(at, made.id)]
    assert due[0].due_at == at


async def test_cancelled_nobody_gets_it_any_more(boss: Phone, lucy: Phone) -> None:
    made = await chatting(boss)
    answer = await lucy.say("cancel P1")
    assert answer.splitlines() == [
        "P1 is cancelled",
        "sent 4 · failed 2 · skipped 4 · awaiting member 0 · unknown 1 · waiting 0",
    ]
    assert "Lucy 取消了 P1" in told(lucy, boss)
    assert await Recipient.filter(push_id=made.id, reason="cancelled").count() == 3
    assert await boss.say("取消 P1") == "P1 已经取消了（Lucy 17:00）"
    assert await boss.say("继续 P1") == "P1 已经取消了（Lucy 17:00）"
    assert await boss.say("重发失败 P1") == "P1 已经取消了（Lucy 17:00）"


async def test_an_open_preview_is_cancelled_before_the_push(boss: Phone) -> None:
    made = await chatting(boss, state="paused")
    await boss.say("继续 P1")
    assert await boss.say("取消 P1") == "P1 取消了，什么都没有做。"
    assert await state_of(made) == ("paused", 1)
    assert (await boss.say("取消 P1")).startswith("P1 取消了\n")
    assert await state_of(made) == ("cancelled", 1)


async def test_tasks_that_wait_for_members_are_taken_back_once(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 4, boss.clock(), members=("lilei", "hanmeimei"))
    calls = await promised(made, boss)
    for n, call in enumerate(calls):
        await settled(call, boss, task=f"msg{n}")
    await Push.filter(id=made.id).update(state="done")
    assert "正在收回 2 个企业群发任务" in await boss.say("取消 P1")
    edits = [out for out in boss.sent if isinstance(out, GroupPushEdit)]
    assert [(edit.task, edit.edit) for edit in edits] == [("msg0", "cancel"), ("msg1", "cancel")]
    assert await boss.say("取消 P1") == "P1 已经发完了；看结果：进度 P1"
    for edit in edits:
        await settled(edit, boss)
    assert await counts(made) == {"skipped": 4}
    assert (await state_of(made))[0] == "done"


async def test_who_asks_how_far_it_is_asks_the_platform_once_a_minute(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock())
    (call,) = await promised(made, boss)
    await settled(call, boss, task="msg1")
    boss.clock.forward(minutes=1)
    answer = await boss.say("进度 P1")
    assert "1 位成员还没在企业微信里确认，正在查最新结果" in answer
    assert PushAsked(boss.clock(), "wecom", call.batch, "msg1", "lilei") in await asked(made)
    before = await InboxEvent.all().count()
    assert "正在查" not in await boss.say("进度 P1")
    assert await InboxEvent.all().count() == before
    boss.clock.forward(minutes=1)
    assert "正在查" in await boss.say("进度 P1")


async def test_everything_is_in_the_trail_of_the_push(boss: Phone, hire: Hire) -> None:
    admin = await hire("管理员", Role.ADMIN)
    await chatting(boss)
    for typed in ("进度 P1", "暂停 P1", "继续 P1"):
        await boss.say(typed)
    await boss.say(f"确认 {code_of(boss)}")
    await boss.say("取消 P1")
    trail = await admin.say("日志 P1")
    assert [word for word in ("进度 P1", "暂停 P1", "继续 P1", "确认", "取消 P1") if word not in trail] == []


@pytest.mark.parametrize("typed", ["进度 P9", "暂停 P9", "继续 P9", "取消 P9", "重发失败 P9", "提醒 P9"])
async def test_a_push_that_there_is_not(boss: Phone, typed: str) -> None:
    assert "没有 P9 这个编号" in await boss.say(typed)


@pytest.mark.parametrize("typed", ["暂停", "继续", "重发失败", "提醒", "暂停 双十一"])
async def test_which_push(boss: Phone, typed: str) -> None:
    assert "群发编号" in await boss.say(typed)


@pytest.mark.parametrize(
    ("state", "said"),
    [("draft", "还没有确认"), ("filling", "还在准备名单"), ("done", "已经发完了"), ("cancelled", "已经取消了")],
)
async def test_what_cannot_be_paused_says_why(boss: Phone, state: str, said: str) -> None:
    await push(boss, state=state)
    assert said in await boss.say("暂停 P1")
