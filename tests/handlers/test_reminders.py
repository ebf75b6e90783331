"""Here lives the proof that staff are reminded of what they have to do: at its time, once, and somebody in any case."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from domain.messages import Card, OutboundMessage, Priority
from domain.own_events import TaskDue
from domain.permissions import Role
from models.customers import Customer
from models.inbox import InboxEvent
from models.staff import Staff, StaffAccount
from models.tasks import Task
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
FRIDAY = "2026-03-06 10:00 (Asia/Shanghai)"


async def due_at() -> datetime:
    """When the one to-do is due."""
    at = (await Task.get()).due_at
    assert at
    return at


async def due(phone: Phone, task_id: int, at: datetime) -> list[OutboundMessage]:
    """The moment has come; returns who is told what."""
    await phone.meet(TaskDue(at, task_id))
    return [sent for sent in phone.sent if isinstance(sent, OutboundMessage)]


def shown(message: OutboundMessage) -> str:
    assert isinstance(message.content, Card)
    return f"{message.content.title}\n{message.content.text}"


def buttons(message: OutboundMessage) -> dict[str, str]:
    """What they stand for, by their label."""
    assert isinstance(message.content, Card)
    return {button.label: button.data for button in message.content.buttons}


async def test_a_reminder_comes_with_its_buttons(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    await phone.say("待办 加 周五10点 报价 C1")
    at = await due_at()
    clock.now = at
    (alert,) = await due(phone, 1, at)
    assert (alert.to, alert.priority) == (phone.address, Priority.ALERT)
    assert shown(alert).splitlines() == [
        "待办 T1 到点了",
        "报价",
        f"时间：{FRIDAY}",
        "客户：C1 张三",
        "也可以发：完成 T1、改期 T1 明天",
    ]
    assert buttons(alert) == {"完成": "done T1", "明天再说": "defer T1 tomorrow 10:00"}
    assert "T1 改到 2026-03-07 10:00" in await phone.press("defer T1 tomorrow 10:00")


async def test_a_late_reminder_says_what_time_it_was_for(hire: Hire, clock: Clock) -> None:
    phone = await hire("Lucy", language="en")
    await phone.say("todo add fri 10:00 quote")
    at = await due_at()
    clock.now = at + timedelta(hours=3)
    (alert,) = await due(phone, 1, at)
    assert shown(alert).splitlines()[0] == "To-do T1 was due, sorry to be late"
    assert f"It was due at {FRIDAY}" in shown(alert)


async def test_what_is_done_or_put_off_reminds_no_more_at_the_old_time(hire: Hire, clock: Clock) -> None:
    phone = await hire("李雷")
    await phone.say("待办 加 周五10点 报价")
    friday = await due_at()
    await phone.say("改期 T1 周六10点")
    saturday = await due_at()
    clock.now = friday
    assert await due(phone, 1, friday) == []
    clock.now = saturday
    assert len(await due(phone, 1, saturday)) == 1
    await phone.say("改期 T1 明天10点")
    await phone.say("完成 T1")
    assert await due(phone, 1, saturday + timedelta(days=1)) == []


async def test_put_off_and_back_again_reminds_once(hire: Hire) -> None:
    phone = await hire("李雷")
    await phone.say("待办 加 周五10点 报价")
    friday = await due_at()
    await phone.say("改期 T1 周六10点")
    await phone.say("改期 T1 周五10点")
    assert await due_at() == friday
    assert await InboxEvent.filter(due_at=friday).count() == 1
    assert len(await due(phone, 1, friday)) == 1


async def test_in_an_hour_is_exact_to_what_the_database_keeps(hire: Hire, clock: Clock) -> None:
    phone = await hire("李雷")
    clock.forward(microseconds=123_456)
    await phone.say("待办 加 in 1 hour 报价")
    at = await due_at()
    event = (await InboxEvent.get()).own()
    assert isinstance(event, TaskDue)
    clock.now = at
    assert len(await due(phone, event.task_id, event.at)) == 1


async def test_the_to_do_of_who_left_becomes_that_of_the_customers_keeper(hire: Hire, meet: Meet) -> None:
    left, keeper = await hire("李雷"), await hire("韩梅梅")
    customer = await meet("张三", owner="李雷")
    await left.say("待办 加 周五10点 报价 C1")
    at = await due_at()
    await Staff.filter(name="李雷").update(active=False)
    await Customer.filter(id=customer.id).update(owner_id=(await Staff.get(name="韩梅梅")).id)
    (alert,) = await due(keeper, 1, at)
    assert alert.to == keeper.address
    assert "原来是 李雷 的" in shown(alert)
    assert "T1 完成" in await keeper.say("完成 T1")


async def test_without_a_keeper_those_managers_are_told_who_may_do_it(hire: Hire) -> None:
    left, boss, elsewhere = await hire("李雷"), await hire("老板", Role.MANAGER), await hire("王总", Role.MANAGER)
    await Staff.filter(name="李雷").update(team="北京")
    await Staff.filter(name="王总").update(team="上海")
    await left.say("待办 加 周五10点 报价")
    at = await due_at()
    await Staff.filter(name="李雷").update(active=False)
    assert [alert.to for alert in await due(elsewhere, 1, at)] == [boss.address]
    assert "T1 完成" in await boss.say("完成 T1")


async def test_who_has_no_chat_account_has_managers(hire: Hire, meet: Meet) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await hire("韩梅梅")
    customer = await meet("张三")
    await phone.say("待办 加 周五10点 报价 C1")
    await Customer.filter(id=customer.id).update(owner_id=(await Staff.get(name="韩梅梅")).id)
    at = await due_at()
    await StaffAccount.filter(external_id=phone.address.id).delete()
    (alert,) = await due(boss, 1, at)
    assert alert.to == boss.address
    assert "原来是 李雷 的" in shown(alert)
    assert (await Task.get()).staff_id == (await Staff.get(name="李雷")).id
