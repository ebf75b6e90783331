"""An administrator reads the trail: of a customer, of a colleague, of a day; newest first, a phone's page at a time."""

from collections.abc import Awaitable, Callable

import pytest

from domain.events import Chat, MessageReceived, Sender
from domain.messages import Address, Text
from domain.permissions import Role
from models.changes import Actor, Change
from models.customers import Customer
from models.groups import Group
from models.leads import Lead
from models.staff import Staff
from models.tasks import Task
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def admin(hire: Hire) -> Phone:
    return await hire("管理员", Role.ADMIN)


async def test_the_trail_of_a_customer_merges_commands_and_changes_newest_first(
    hire: Hire, meet: Meet, admin: Phone, clock: Clock
) -> None:
    lilei = await hire("李雷")
    customer = await meet("张三", owner="李雷", phone="13800000000")
    lead = await Lead.get(customer_id=customer.id)
    staff = await Staff.get(name="李雷")
    await lilei.say("记 C1 怕贵\n很怕")
    clock.forward(minutes=1)
    actor = Actor(staff.id, "k", clock())
    await customer.change(actor, phone="13900000000", company="")
    await lead.change(actor, stage="interested", claimed_at=clock())
    clock.forward(minutes=1)
    await customer.change(Actor(None, "k", clock()), owner_id=(await Staff.get(name="管理员")).id)
    await lilei.say("看 L1")
    clock.forward(days=1)
    expected = [
        "03-02 17:02 李雷 看 L1（是别人的客户）",
        "03-02 17:02 系统 改 负责人 李雷 → 管理员",
        "03-02 17:01 李雷 改 手机 13800000000 → 13900000000",
        "03-02 17:01 李雷 改 L1 阶段 新线索 → 有意向",
        "03-02 17:00 李雷 记 C1 怕贵 很怕",
    ]
    told = (await admin.say("日志 C1")).splitlines()
    assert told[0] == "C1 的记录，最近的在前："
    assert sorted(told[1:]) == sorted(expected)
    assert [line[:11] for line in told[1:]] == [line[:11] for line in expected]
    lead_told = (await admin.say("日志 l1")).splitlines()
    assert "03-02 17:01 李雷 改 阶段 新线索 → 有意向" in lead_told
    assert len(lead_told) == len(told)
    assert "没有 C1 的记录" in await admin.say("日志 C1 今天")
    assert len((await admin.say("日志 C1 昨天")).splitlines()) == 6
    assert "没有 P31 的记录" in await admin.say("日志 P31")


async def test_the_same_in_english(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("Boss", Role.ADMIN, language="en")
    customer = await meet("Mia")
    await boss.say("note C1 price")
    await customer.change(Actor(None, "k", clock()), city="Berlin")
    told = (await boss.say("log C1")).splitlines()
    assert told[0] == "The trail of C1, newest first:"
    assert {"17:00 Boss note C1 price", "17:00 system changed city (empty) → Berlin"} == set(told[1:])
    assert (await boss.say("log T9")) == "Nothing in the trail of T9."


async def test_the_trail_of_a_colleague_also_of_one_who_left(hire: Hire, admin: Phone, clock: Clock) -> None:
    lilei = await hire("李雷")
    await hire("韩梅梅")
    await lilei.say("我是谁")
    clock.forward(days=2)
    await lilei.say("查 张三")
    await Staff.filter(name="李雷").update(active=False)
    told = (await admin.say("日志 @lilei 今天")).splitlines()
    assert told == ["李雷 的记录，最近的在前：", "17:00 李雷 查 张三（没找到）"]
    assert len((await admin.say("日志 @李雷")).splitlines()) == 3
    assert len((await admin.say("日志 @李雷 7天")).splitlines()) == 3
    assert "没有叫「谁」的同事" in await admin.say("日志 @谁 今天")
    assert "没有 韩梅梅 的记录" in await admin.say("日志 @韩梅梅")
    everybody = (await admin.say("日志 今天")).splitlines()
    assert everybody[0] == "所有人的记录，最近的在前："
    assert everybody[-1] == "17:00 李雷 查 张三（没找到）"
    assert len((await admin.say("日志")).splitlines()) == 8


async def test_a_long_trail_is_read_on_and_nothing_is_told_twice(hire: Hire, admin: Phone, clock: Clock) -> None:
    lilei = await hire("李雷")
    for number in range(1, 15):
        await lilei.say(f"查 {number}号")
        clock.forward(minutes=1)
    pages = [await admin.say("日志 @李雷 今天")]
    for _ in range(2):
        clock.forward(seconds=10)
        await lilei.say("查 后来的")
        pages.append(await admin.say("更多"))
    assert [len(page.splitlines()) for page in pages] == [8, 8, 3]
    told = [line.split()[3] for page in pages for line in page.splitlines() if " 查 " in line]
    assert told == [f"{number}号（没找到）" for number in range(14, 0, -1)]
    assert "后面没有了" in await admin.say("更多")


async def test_what_says_too_little_is_told_with_what_was_understood(hire: Hire, meet: Meet, admin: Phone) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await meet("张三", owner="李雷")
    await lilei.say("看 张三")
    await lilei.say("1")
    assert "李雷 1 → show C" in await admin.say("日志 @李雷")


async def test_long_words_are_told_in_part(hire: Hire, meet: Meet, admin: Phone) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await lilei.say("记 C1 " + "贵" * 1_000)
    line = (await admin.say("日志 C1")).splitlines()[1]
    assert len(line) < 60
    assert line.endswith("…")


@pytest.mark.parametrize("typed", ["日志 火星", "日志 C1 火星", "log C1 C2"])
async def test_what_is_no_time_is_refused(admin: Phone, typed: str) -> None:
    assert "我没看懂" in await admin.say(typed)


@pytest.mark.parametrize(
    "typed", ["log page=99999999999999999999 until=99999999999999999999", "log page=0", "log page=x"]
)
async def test_odd_pages_do_no_harm(admin: Phone, typed: str) -> None:
    await admin.say("我是谁")
    assert "我是谁" in await admin.say(typed)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SALES, Role.MANAGER])
async def test_only_administrators_read_it(hire: Hire, role: Role) -> None:
    assert "要管理员" in await (await hire("李雷", role)).say("日志 C1")


async def test_the_trail_is_not_read_to_a_group(admin: Phone, clock: Clock) -> None:
    await admin.say("记 C1 怕贵")
    room = Phone(Address("telegram", "-100"), clock, admin.house)
    await Group.allow(room.address, "销售", clock())
    said = MessageReceived(clock(), Sender(admin.address), Chat(room.address, "group"), Text("/日志 今天"))
    assert await room.meet(said) == "「日志」的内容不适合大家都看到，请单独发给我。"


async def test_a_to_do_has_its_own_changes(hire: Hire, admin: Phone, clock: Clock) -> None:
    await hire("李雷")
    staff = await Staff.get(name="李雷")
    tasks = [await Task.create(staff=staff, text="报价", created_at=clock()) for _ in range(2)]
    for task in tasks:
        await Change.keep(0, task.short_id, {"due_at": ("", clock.now)}, Actor(staff.id, "k", clock()))
    told = (await admin.say(f"日志 {tasks[0].short_id}")).splitlines()
    assert told[1:] == ["17:00 李雷 改 时间 空 → 17:00"]
