"""What was joined is separated again, and each of the two is what they were."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from models.changes import Change
from models.customers import Customer
from models.leads import Lead
from models.staff import Staff
from tests.handlers.phone import Phone
from tests.handlers.test_merges import code, confirmed

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("老板", Role.ADMIN)


async def test_undone_both_are_found_again(boss: Phone, meet: Meet) -> None:
    await meet("张三")
    await meet("李四", account="telegram", phone="+8613800001234")
    await confirmed(boss, "合并 C1 C2")
    answer = (await boss.say("撤销合并 M1")).splitlines()
    assert answer[:-1] == [
        "撤销 M1：C2 李四 从 C1 张三 里分出来",
        "跟着回去：Telegram · 消息 0 条",
        "C1 恢复原样：手机",
        "合并以后新加的备注、待办、标签留在 C1",
    ]
    assert await boss.say(f"确认 {code(answer[-1])}") == (
        "M1 撤销了：C1 张三 和 C2 李四 又是两位客户，不会再自动合并\n看名片：看 C1、看 C2"
    )
    assert (await boss.say("查 李四")).startswith("C2 李四")
    assert (await Customer.get(id=1)).phone == ""
    assert (await confirmed(boss, "合并 C2 C1")).startswith("M2 合并好了：C1 张三 已并入 C2 李四")


async def test_what_stands_on_another_joining_is_undone_after_it(boss: Phone, meet: Meet) -> None:
    for name in ("张三", "李四", "王五"):
        await meet(name)
    await confirmed(boss, "合并 C2 C3")
    await confirmed(boss, "合并 C1 C2")
    assert await boss.say("撤销合并 M1") == "C2 后来又并入了 C1，要先撤销那一次：撤销合并 M2"
    await confirmed(boss, "撤销合并 M2")
    assert "撤销了" in await confirmed(boss, "撤销合并 M1")
    assert "没有可以撤销的合并" in await boss.say("撤销合并 M1")
    assert await Customer.filter(merged_into_id=None).count() == 3


async def test_what_is_confirmed_in_another_order_than_previewed_is_undone_exactly(
    hire: Hire, boss: Phone, meet: Meet
) -> None:
    other = await hire("老板娘", Role.ADMIN)
    for name, stage in (("张三", "new"), ("李四", "interested"), ("王五", "talking")):
        await Lead.filter(customer_id=(await meet(name)).id).update(stage=stage)
    first = await boss.say("合并 C1 C2")
    await confirmed(other, "合并 C1 C3")
    again = await boss.say(f"确认 {code(first)}")
    assert "沟通中 → 有意向" in again
    assert "M1 合并好了" in await boss.say(f"确认 {code(again)}")
    await confirmed(boss, "撤销合并 M2")
    await confirmed(boss, "撤销合并 M1")
    assert [lead.stage for lead in await Lead.all().order_by("id")] == ["new", "interested", "talking"]


async def test_who_is_nobodys_again_has_no_stand_in(hire: Hire, boss: Phone, meet: Meet) -> None:
    await hire("李雷")
    await hire("王芳")
    wang = await Staff.get(name="王芳")
    await meet("张三")
    await meet("李四", owner="李雷")
    await confirmed(boss, "合并 C1 C2")
    assert "王芳" in await boss.say("接手 C1 @王芳")
    assert (await Customer.get(id=1)).attendant_id == wang.id
    await confirmed(boss, "撤销合并 M1")
    one = await Customer.get(id=1)
    assert (one.owner_id, one.attendant_id) == (None, None)
    trail = await Change.filter(customer_id=1, field="attendant_id").order_by("id")
    assert [(change.old, change.new) for change in trail] == [("", str(wang.id)), (str(wang.id), "")]
