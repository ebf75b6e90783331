"""Here lives what is done for whom a push has not reached: sent again where it failed, members reminded."""

import pytest

from domain.messages import Address
from domain.outgoing import GroupPushEdit
from domain.permissions import Role
from handlers.context import House
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff, StaffAccount
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, code_of
from tests.handlers.under_way import chatting, counts, ledger, promised, push, settled, state_of, with_media
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


async def test_only_whom_it_failed_for_is_tried_again(boss: Phone) -> None:
    made = await chatting(boss)
    assert await boss.say("重发失败 P1") == "P1 正在发，发完再重发"
    await Recipient.filter(push_id=made.id, state="waiting").update(state="sent")
    await Push.filter(id=made.id).update(state="done")
    preview = (await boss.say("重发失败 P1")).splitlines()
    assert preview[:4] == [
        "重发 P1：失败的 2 人",
        "屏蔽了我们 2",
        "发前再检查一遍，还是发不了的跳过",
        "结果不明的 1 人不重发",
    ]
    assert (await boss.say(f"确认 {code_of(boss)}")).splitlines()[0] == "P1 开始重发：2 个失败的"
    assert await counts(made) == {"sent": 7, "waiting": 2, "skipped": 1, "unsure": 1}
    assert await state_of(made) == ("running", 2)


async def test_more_that_failed_meanwhile_is_shown_first(boss: Phone) -> None:
    made = await chatting(boss, state="done")
    await boss.say("重发失败 P1")
    await Recipient.filter(push_id=made.id, state="waiting").update(state="failed", reason="busy")
    answer = await boss.say(f"确认 {code_of(boss)}")
    assert "重发 P1：失败的 5 人" in answer
    assert (await state_of(made))[0] == "done"


async def test_nothing_failed(boss: Phone) -> None:
    made = await push(boss, state="done")
    await ledger(made, 2, boss.clock(), state="sent")
    assert await boss.say("重发失败 P1") == "P1 没有失败的，不用重发"


async def test_members_are_reminded_three_times_a_day(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 4, boss.clock(), members=("lilei", "hanmeimei"))
    for n, call in enumerate(await promised(made, boss)):
        await settled(call, boss, task=f"msg{n}")
    staff = await Staff.create(name="李雷", role=Role.SALES, created_at=boss.clock())
    await StaffAccount.bind(Address("wecom", "lilei"), staff, boss.clock())
    for _ in range(3):
        assert await boss.say("提醒 P1") == "提醒了成员确认 P1：hanmeimei、李雷"
        assert [(out.edit, out.task) for out in boss.sent if isinstance(out, GroupPushEdit)] == [
            ("remind", "msg0"),
            ("remind", "msg1"),
        ]
        boss.clock.forward(hours=1)
    assert await boss.say("提醒 P1") == "P1 24 小时内已经提醒过 3 次，企业微信不让再催了"
    boss.clock.forward(hours=21)
    assert "提醒了成员" in await boss.say("提醒 P1")


async def test_two_who_remind_at_once_remind_once(boss: Phone, lucy: Phone) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock())
    (call,) = await promised(made, boss)
    await settled(call, boss, task="msg1")
    answers = await overlapping(lambda: boss.say("提醒 P1"), lambda: lucy.say("remind P1"))
    assert answers[1] == "P1: they were reminded just now, wait a minute"
    assert [out for out in lucy.sent if isinstance(out, GroupPushEdit)] == []


async def test_nobody_is_to_be_reminded(boss: Phone) -> None:
    await chatting(boss)
    assert await boss.say("提醒 P1") == "P1 没有在等成员确认的"
