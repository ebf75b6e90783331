"""Here lives the proof of what staff have to do: kept, listed, done, put off, and reminded of once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from domain.messages import Address, Card, OutboundMessage, Priority
from domain.permissions import Role
from handlers.context import House
from models.audit import AuditEntry, AuditSubject
from models.customers import Customer
from models.inbox import InboxEvent
from models.leads import Lead
from models.sql import dialect
from models.staff import Staff, StaffAccount
from models.tasks import Task
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
FRIDAY = "2026-03-06 10:00 (Asia/Shanghai)"  # the clock of these tests begins on a Monday, at 17:00 of the house


async def reminders() -> list[tuple[str, datetime]]:
    """What will happen of itself: the key and the moment."""
    return [(row.key, row.due_at) for row in await InboxEvent.filter(state="waiting").order_by("due_at", "id")]


def buttons(phone: Phone) -> dict[str, str]:
    """What the last answer's buttons stand for, by their label."""
    cards = [out.content for out in phone.sent if isinstance(out, OutboundMessage) and isinstance(out.content, Card)]
    return {button.label: button.data for card in cards for button in card.buttons}


async def test_a_to_do_with_a_time_and_a_customer(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷")
    answer = await phone.say(f"待办 加 周五10点 报价 {customer.short_id}")
    assert answer.splitlines() == [f"记下了，T1 报价 · {customer.short_id} 张三", f"到 {FRIDAY} 提醒你"]
    task = await Task.get()
    assert (task.text, task.customer_id, task.state) == ("报价", customer.id, "open")
    assert task.due_at
    assert await reminders() == [(f"task:1:{int(task.due_at.timestamp() * 1000)}", task.due_at)]
    entry = await AuditEntry.get()
    subjects = [row.subject for row in await AuditSubject.filter(number=entry.number).order_by("subject")]
    assert subjects == [customer.short_id, "T1"]


@pytest.mark.parametrize(
    "typed",
    [
        "todo add fri 10:00 quote C1",
        "待办 加 C1 周五10点 quote",
        "待办 加 quote C1 周五10点",
        "待办 加周五10点 quote C1",
        "/todo add quote fri 10:00 c1",
        "待办　加：周五10点，quote　Ｃ１",
    ],
)
async def test_the_order_does_not_matter(hire: Hire, meet: Meet, typed: str) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    assert FRIDAY in await phone.say(typed)
    task = await Task.get()
    assert (task.text, task.customer_id) == ("quote", 1)


async def test_a_lead_stands_for_its_customer(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    lead = await Lead.get(customer_id=customer.id)
    await phone.say(f"待办 加 报价 {lead.short_id}")
    assert (await Task.get()).customer_id == customer.id


async def test_without_a_time_nothing_reminds_until_one_is_chosen(hire: Hire) -> None:
    phone = await hire("李雷")
    assert "没定时间" in await phone.say("待办 加 整理名片\n桌上那一摞")
    assert await reminders() == []
    assert (await Task.get()).text == "整理名片\n桌上那一摞"
    assert "T1 改到 2026-03-03 09:00 (Asia/Shanghai)" in await phone.say("2")
    assert len(await reminders()) == 1
    assert "2 对不上" in (await phone.say("2")).replace("「2」", "2 ")


async def test_what_is_missing_is_asked_for(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三")
    assert "要做什么，什么时候？" in await phone.say("待办 加")
    assert FRIDAY in await phone.say("周五10点 报价")
    assert "到时候要做什么？" in await phone.say("待办 加 周五10点 C1")
    assert f"记下了，T2 打电话 · C1 张三\n到 {FRIDAY} 提醒你" == await phone.say("打电话")
    await phone.say("todo add")
    assert "没有待办" not in await phone.say("/待办")
    assert await Task.all().count() == 2


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("待办 加 2020-01-01 报价", "2020-01-01"),
        ("待办 加 2月30日 报价", "2月30日"),
        ("待办 加 报价 C99", "没有 C99"),
        ("待办 报价", "前面写个 加"),
        ("待办 加班申请", "前面写个 加"),
        ("待办 @赵六", "没有叫「赵六」的同事"),
        ("待办 T9", "没找到待办「T9」"),
        ("完成 T9", "没找到待办「T9」"),
        ("改期 T9 明天", "没找到待办「T9」"),
        ("完成 报价", "没找到待办「报价」"),
        ("完成", "待办编号"),
        ("完成 C1", "待办编号"),
    ],
)
async def test_a_mistake_is_explained_and_changes_nothing(hire: Hire, typed: str, told: str) -> None:
    phone = await hire("李雷")
    answer = await phone.say(typed)
    assert told in answer
    assert len(answer.splitlines()) <= 8
    assert await Task.all().count() == 0
    assert await reminders() == []


async def test_a_colleagues_customer_cannot_be_worked_on(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    phone = await hire("李雷")
    customer = await meet("张三", owner="韩梅梅")
    assert "韩梅梅 在跟" in await phone.say(f"待办 加 报价 {customer.short_id}")
    assert await Task.all().count() == 0


async def test_the_list_begins_with_what_is_late_and_ends_with_what_has_no_time(hire: Hire, clock: Clock) -> None:
    phone = await hire("李雷")
    for typed in ("没时间的", "周五10点 周五的", "in 1 hour 一小时的", "明天 明天的"):
        await phone.say(f"待办 加 {typed}")
    clock.forward(hours=2)
    assert (await phone.say("待办")).splitlines() == [
        "我的待办，回数字看一条：",
        "1. T3 18:00 已过期 一小时的",
        "2. T4 03-03 09:00 明天的",
        "3. T2 03-06 10:00 周五的",
        "4. T1 没时间的",
    ]
    assert (await phone.say("2")).splitlines() == [
        "待办 T4",
        "明天的",
        "时间：2026-03-03 09:00 (Asia/Shanghai)",
        "也可以发：完成 T4、改期 T4 明天",
    ]
    assert buttons(phone) == {"完成": "done T4", "明天再说": "defer T4 tomorrow 09:00"}


async def test_a_long_list_has_pages_of_eight_lines(hire: Hire) -> None:
    phone = await hire("李雷")
    for number in range(14):
        await phone.say(f"todo add 第{number}件\n第二行")
    seen: list[str] = []
    answer = await phone.say("待办")
    while True:
        lines = answer.splitlines()
        assert len(lines) <= 8
        seen += [line.split()[1] for line in lines if line[1:3] == ". "]
        if lines[-1] != "后面还有，发 更多":
            break
        answer = await phone.say("更多")
    assert seen == [f"T{number}" for number in range(1, 15)]


async def test_done_once_and_told_so_after(hire: Hire, clock: Clock) -> None:
    phone = await hire("李雷")
    await phone.say("待办 加 报价")
    clock.forward(minutes=5)
    assert await phone.say("完成 T1") == "T1 完成 ✓ 报价"
    clock.forward(minutes=5)
    for again in ("完成 T1", "改期 T1 明天", "待办 T1", "done T1"):
        assert await phone.say(again) == "T1 已经完成了（17:05 李雷）：报价"
    assert (await Task.get()).done_at == clock() - timedelta(minutes=5)
    assert await phone.say("待办") == "没有待办。要记一条就发：待办 加 周五10点 报价"


async def test_a_to_do_is_meant_by_a_word_of_it(hire: Hire) -> None:
    phone = await hire("李雷")
    for text in ("给张三报价", "给李四报价", "打电话"):
        await phone.say(f"待办 加 {text}")
    assert await phone.say("完成 打电话") == "T3 完成 ✓ 打电话"
    assert "「报价」对得上好几条" in await phone.say("改期 报价 周五10点")
    assert f"T2 改到 {FRIDAY}" in await phone.say("2")


async def test_the_customers_name_is_for_those_who_may_know_it(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await hire("韩梅梅")
    customer = await meet("张三", owner="李雷")
    await phone.say("待办 加 报价 C1")
    await Customer.filter(id=customer.id).update(owner_id=(await Staff.get(name="韩梅梅")).id)
    assert (await phone.say("待办")).splitlines()[1] == "1. T1 报价 · C1"


async def test_a_manager_sees_and_does_what_a_colleague_has_to_do(hire: Hire) -> None:
    phone, boss, other = await hire("李雷"), await hire("老板", Role.MANAGER), await hire("韩梅梅")
    await phone.say("待办 加 周五10点 报价")
    assert (await boss.say("待办 @lilei")).splitlines() == ["李雷 的待办，回数字看一条：", "1. T1 03-06 10:00 报价"]
    assert "负责人：李雷" in await boss.say("1")
    assert "T1 改到 2026-03-03 09:00" in await boss.say("改期 T1 明天")
    assert told_to(boss, phone) == "老板 把你的待办 T1 改到 2026-03-03 09:00 (Asia/Shanghai)\n报价"
    assert "T1 完成" in await boss.say("完成 T1")
    assert told_to(boss, phone) == "老板 完成了你的待办 T1\n报价"
    assert (await phone.say("done T1")).startswith("T1 已经完成了（17:00 老板）")
    assert await other.say("待办 @李雷") == "李雷 的待办只有 李雷 和经理能看。\n看自己的就发：待办"
    for typed in ("完成 T1", "改期 T1 明天", "待办 T1"):
        assert "T1 是 李雷 的待办" in await other.say(typed)


def told_to(by: Phone, to: Phone) -> str:
    alerts = [out for out in by.sent if isinstance(out, OutboundMessage) and out.to == to.address]
    assert [out.priority for out in alerts] == [Priority.ALERT]
    return str(getattr(alerts[0].content, "text", ""))


async def test_a_manager_of_a_team_leaves_other_teams_alone(hire: Hire) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await Staff.filter(name="李雷").update(team="北京")
    await Staff.filter(name="老板").update(team="上海")
    await phone.say("待办 加 报价")
    assert "T1 是 李雷 的待办" in await boss.say("完成 T1")
    await Staff.filter(name="李雷").update(team="上海")
    assert "T1 完成" in await boss.say("完成 T1")


async def test_who_only_looks_has_no_to_dos(hire: Hire) -> None:
    assert "销售以上" in await (await hire("看客", Role.VIEWER)).say("待办")


async def test_until_when_is_asked_and_chosen(hire: Hire) -> None:
    phone = await hire("李雷")
    await phone.say("待办 加 周五10点 报价")
    assert "T1 改到什么时候？" in await phone.say("改期 T1")
    assert buttons(phone) == {
        "一小时后": "defer T1 in 1 hour",
        "明天上午": "defer T1 tomorrow morning",
        "下周一": "defer T1 next mon",
    }
    assert "T1 改到 2026-03-02 18:00" in await phone.say("1")
    assert "我的待办" in await phone.say("待办")  # nothing is asked any more
    await phone.say("改期 T1")
    assert "里没看出时间" in await phone.say("随便")
    assert "T1 改到 2026-03-03 15:00" in await phone.say("明天下午3点")
    await phone.say("改期 T1")
    assert "T1 改到 2026-03-09 09:00" in await phone.press("defer T1 next mon")
    assert "我的待办" in await phone.say("待办")


async def test_of_two_who_finish_at_once_the_second_learns_who_was_first(hire: Hire) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await phone.say("待办 加 报价")
    first, second = await overlapping(lambda: boss.say("完成 T1"), lambda: phone.say("完成 T1"))
    assert first == "T1 完成 ✓ 报价"
    assert second == "T1 已经完成了（17:00 老板）：报价"


async def test_of_two_who_put_off_at_once_the_second_changes_nothing(hire: Hire) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await phone.say("待办 加 周五10点 报价")
    first, second = await overlapping(lambda: boss.say("改期 T1 周六10点"), lambda: phone.say("改期 T1 周日10点"))
    assert "T1 改到 2026-03-07 10:00" in first
    due_at = (await Task.get()).due_at
    assert due_at
    day = due_at.astimezone(phone.house.timezone).day
    if dialect() == "sqlite":  # nobody is there at the same moment: the second is simply later
        assert (day, second.splitlines()[0]) == (8, "T1 改到 2026-03-08 10:00 (Asia/Shanghai)")
    else:
        assert day == 7
        assert second.startswith("老板 刚把 T1 改到 2026-03-07 10:00 (Asia/Shanghai)，我没再动。")


async def test_put_off_while_it_is_done_stays_done(hire: Hire) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await phone.say("待办 加 报价")
    _, second = await overlapping(lambda: boss.say("完成 T1"), lambda: phone.say("改期 T1 周日10点"))
    assert second == "T1 已经完成了（17:00 老板）：报价"
    assert await reminders() == []


async def test_another_chat_of_the_same_person_sees_the_same(hire: Hire, house: House, clock: Clock) -> None:
    phone = await hire("李雷")
    desk = Phone(Address("wecom", "lilei"), clock, house)
    await StaffAccount.bind(desk.address, await Staff.get(name="李雷"), clock())
    await phone.say("待办 加 报价")
    assert "T1 报价" in await desk.say("待办")
