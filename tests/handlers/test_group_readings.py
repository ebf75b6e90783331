"""Here lives the proof that group chats are asked for politely, and that what platforms answer is taken over whole."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.events import GroupChanged
from domain.groups import GroupMember as Told
from domain.groups import GroupRead, GroupsAsked, GroupsDue, GroupsUnread
from domain.messages import Address, Text
from domain.permissions import Role
from handlers import group_readings
from models import group_reach
from models.changes import Change
from models.customers import Customer
from models.groups import Group, GroupMember
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.grouping import CHAT, ROOM, asked_for, joined, known_as, listed, member, read
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def trail(customer: Customer) -> list[tuple[str, str]]:
    rows = await Change.filter(customer_id=customer.id, field="group").order_by("id")
    return [(row.old, row.new) for row in rows]


def changed(clock: Clock, change: str = "update", detail: str = "", *members: str) -> GroupChanged:
    return GroupChanged(clock(), CHAT, change, detail, members=members)


async def test_every_account_is_asked_every_night_and_once_for_all_that_start(boss: Phone, clock: Clock) -> None:
    await boss.meet(GroupsDue(clock()))
    for _ in range(2):
        await group_readings.at_start("wecom", clock())
    assert [(asked.account, asked.chat) for asked in await asked_for()] == [
        ("official", ""),
        ("telegram", ""),
        ("wecom", ""),
    ]


async def test_a_list_asks_for_what_is_new_and_what_was_not_read_lately(boss: Phone, clock: Clock) -> None:
    await boss.meet(read(clock, chat=Address("wecom", "wrRead")))
    await boss.meet(listed(clock, "wrRead", "wrNew", cursor="2"))
    asked = await asked_for()
    assert [(each.chat, each.cursor) for each in asked] == [("wrNew", ""), ("", "2")]
    await boss.meet(listed(clock, "wrNew", "wrRead"))  # somebody asks again at once
    assert await asked_for() == []
    clock.forward(hours=2)
    await boss.meet(listed(clock, "wrNew", "wrRead"))
    assert [each.chat for each in await asked_for()] == ["wrRead", "wrNew"]


async def test_what_is_missing_in_a_whole_list_is_asked_for_and_only_its_platform_ends_it(
    boss: Phone, clock: Clock
) -> None:
    for chat in ("wrA", "wrB"):
        await boss.meet(read(clock, chat=Address("wecom", chat)))
    began = clock.forward(hours=2)
    await boss.meet(listed(clock, "wrA", began=began, cursor="2"))
    assert [each.chat for each in await asked_for()] == ["wrA", ""]
    await boss.meet(listed(clock, began=began))
    assert [each.chat for each in await asked_for()] == ["wrB"]
    assert await Group.filter(gone_at=None).count() == 2
    await boss.meet(read(clock, chat=Address("wecom", "wrB"), gone=True))
    assert (await Group.get(external_id="wrB")).gone_at == clock()
    clock.forward(hours=2)
    await boss.meet(listed(clock, "wrA", "wrB"))  # it was not over after all
    assert await Group.filter(gone_at=None).count() == 2


async def test_an_empty_list_ends_nothing(boss: Phone, clock: Clock) -> None:
    await boss.meet(read(clock))
    clock.forward(hours=2)
    await boss.meet(listed(clock))
    assert await asked_for() == []


async def test_a_burst_of_changes_is_one_reading_after_all_of_it(boss: Phone, clock: Clock) -> None:
    for detail in ("add_member", "change_name", "change_owner"):
        await boss.meet(changed(clock, "update", detail))
    assert [each.chat for each in await asked_for()] == [CHAT.id]
    clock.forward(seconds=3)
    await boss.meet(changed(clock))
    assert [each.chat for each in await asked_for()] == [CHAT.id]


async def test_a_group_is_made_read_and_dissolved(boss: Phone, meet: Meet, clock: Clock) -> None:
    zhang = await meet("张三", account="wecom")
    await known_as(zhang, "wmZhang")
    await boss.meet(changed(clock, "create"))
    group = await Group.get()
    assert (group.group, group.account, group.read_at) == ("customer", "wecom", None)
    await boss.meet(
        read(clock, member("wmZhang", clock()), member("wmOld", clock() - 9 * DAY), member("lilei", staff=True))
    )
    group = await Group.get()
    assert (group.title, group.owner, group.read_at, group.writable) == ("上海经销商", "lilei", clock(), True)
    assert await GroupMember.filter(left_at=None).count() == 3
    assert await trail(zhang) == [("", "上海经销商")]
    assert "群：上海经销商" in await boss.say("看 C1")
    clock.forward(hours=1)
    await boss.meet(read(clock, member("wmOld")))
    assert await trail(zhang) == [("", "上海经销商"), ("上海经销商", "")]
    assert "上海经销商" not in await boss.say("看 C1")
    await boss.meet(changed(clock, "dismiss"))
    assert (await Group.get()).gone_at == clock()


async def test_who_was_there_before_we_knew_the_group_is_no_news(boss: Phone, meet: Meet, clock: Clock) -> None:
    zhang = await meet("张三", account="wecom")
    await known_as(zhang, "wmZhang")
    await boss.meet(read(clock, member("wmZhang", clock() - 9 * DAY)))
    assert await trail(zhang) == []
    assert await GroupMember.all().count() == 1


async def test_a_member_who_comes_is_known_before_the_group_is_read(boss: Phone, meet: Meet, clock: Clock) -> None:
    zhang = await meet("张三", account="wecom")
    await known_as(zhang, "wmZhang")
    await boss.meet(changed(clock, "update", "add_member", "wmZhang"))
    assert (await GroupMember.get()).joined_at == clock()
    await boss.meet(read(clock, member("wmZhang", clock(), "小张")))
    await boss.meet(changed(clock, "update", "del_member", "wmZhang"))
    assert (await GroupMember.get()).left_at == clock()
    assert await trail(zhang) == [("", "Q1"), ("上海经销商", "")]


async def test_what_was_read_before_something_newer_is_out_of_date(boss: Phone, clock: Clock) -> None:
    old = read(clock, member("wmA"), title="旧名")
    clock.forward(seconds=9)
    await boss.meet(read(clock, member("wmB"), title="新名"))
    await boss.meet(old)
    assert (await Group.get()).title == "新名"
    assert [row.external_id for row in await GroupMember.filter(left_at=None)] == ["wmB"]
    late = read(clock)
    await boss.meet(GroupChanged(clock.forward(seconds=9), CHAT, "dismiss"))
    await boss.meet(late)
    assert (await Group.get()).gone_at == clock()


async def test_a_group_whose_members_are_not_told_keeps_those_it_has(boss: Phone, clock: Clock) -> None:
    await boss.meet(read(clock, member("wmA")))
    await boss.meet(GroupRead(clock(), GroupsAsked(clock(), CHAT.account, chat=CHAT.id), "", "lilei", None))
    assert (await Group.get()).title == "上海经销商"
    assert await GroupMember.filter(left_at=None).count() == 1


async def test_what_is_not_answered_is_asked_again_for_a_day(boss: Phone, clock: Clock) -> None:
    asked = GroupsAsked(clock(), "wecom")
    await boss.meet(GroupsUnread(clock(), asked, "busy", clock() + MINUTE))
    assert await asked_for() == [asked]
    clock.forward(hours=25)
    await boss.meet(GroupsUnread(clock(), asked, "busy", clock() + MINUTE))
    assert await asked_for() == []


async def test_a_group_of_telegram_tells_of_its_members_one_by_one(boss: Phone, meet: Meet, clock: Clock) -> None:
    zhang = await meet("张三", account="telegram")
    await known_as(zhang, "50001")
    await boss.meet(joined(clock, title="经销商"))
    await boss.meet(joined(clock, Address("telegram", "-7"), "channel", title="公告", writable=False))
    for change in ("member_joined", "member_joined", "member_left"):
        await boss.meet(GroupChanged(clock(), ROOM, change, title="经销商", members=("50001",)))
    assert await trail(zhang) == [("", "经销商"), ("经销商", "")]
    groups = await Group.all().order_by("id")
    assert [(row.title, row.group, row.writable) for row in groups] == [
        ("经销商", "group", True),
        ("公告", "channel", False),
    ]
    await boss.meet(GroupChanged(clock(), ROOM, "bot_changed", title="总代", kind="group", writable=False))
    group = await Group.get(external_id=ROOM.id)
    assert (group.title, group.writable) == ("总代", False)
    assert await asked_for() == []


async def test_what_is_to_be_sent_to_a_group_goes_by_whoever_owns_it_now(boss: Phone, clock: Clock) -> None:
    await boss.meet(read(clock))
    staff = await Staff.get(name="韩梅梅")
    where = {"staff_id": staff.id, "account": "telegram", "chat": "1", "language": "zh-CN"}
    push = await Push.drafted(Text("hi"), labels=["全部"], accounts=[], values={}, created_at=clock(), **where)
    await group_reach.fill(push, {"wecom": "wecom"})
    clock.forward(minutes=1)
    await boss.meet(read(clock, owner="wangfang"))
    row = await Recipient.get()
    assert (row.address, row.member, row.state) == (CHAT.id, "wangfang", "waiting")


async def test_nobody_is_told_twice_to_be_in_one_group(boss: Phone, clock: Clock) -> None:
    await boss.meet(read(clock, Told("wmA"), Told("wmA")))
    assert await GroupMember.all().count() == 1
