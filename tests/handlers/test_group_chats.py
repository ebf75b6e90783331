"""Here lives the proof that staff find group chats, see what is known of them, and label them for pushes."""

from collections.abc import Awaitable, Callable

import pytest

from domain.events import GroupChanged
from domain.groups import GroupsUnread
from domain.messages import Address
from domain.permissions import Role
from models.customers import Customer
from models.groups import Group, GroupLabel
from models.staff import Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.grouping import ROOM, asked_for, joined, known_as, member, read
from tests.handlers.phone import Phone
from tests.handlers.planning import told

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


@pytest.fixture
async def lucy(hire: Hire) -> Phone:
    return await hire("Lucy", Role.MANAGER, "en")


@pytest.fixture
async def seller(hire: Hire) -> Phone:
    return await hire("李雷")


@pytest.fixture
async def town(boss: Phone, seller: Phone, clock: Clock) -> None:
    """Q1 is a customer group of WeCom, Q2 a group of Telegram, Q3 a channel where we may not write."""
    await StaffAccount.bind(Address("wecom", "lilei"), await Staff.get(name="李雷"), clock())
    await boss.meet(read(clock, member("wmA"), member("lilei", staff=True)))
    await boss.meet(joined(clock, title="北京经销商"))
    await boss.meet(joined(clock, Address("telegram", "-7"), "channel", title="公告", writable=False))


async def labels(number: int) -> list[str]:
    return [row.name for row in await GroupLabel.filter(group_id=number).order_by("id")]


@pytest.mark.usefixtures("town")
async def test_the_list_tells_each_in_one_line(boss: Phone, lucy: Phone) -> None:
    assert await boss.say("群 列表") == (
        "群共 3 个，回数字看：\n"
        "1. Q1 上海经销商 · 企业微信客户群 2 人 · 群主 李雷\n"
        "2. Q2 北京经销商 · Telegram 群\n"
        "3. Q3 公告 · Telegram 频道 · 不能发言"
    )
    assert await lucy.say("groups") == (
        "3 group chats; send a number to see one:\n"
        "1. Q1 上海经销商 · WeCom customer group, 2 members · owner 李雷\n"
        "2. Q2 北京经销商 · Telegram group\n"
        "3. Q3 公告 · Telegram channel · cannot write there"
    )
    assert (await lucy.say("2")).startswith("Q2 北京经销商 · Telegram group\nNo labels yet\nPushes can go there")


async def test_where_there_is_none_it_is_told_how_they_come(boss: Phone, lucy: Phone) -> None:
    assert "把机器人拉进去" in await boss.say("群")
    assert "groups add CHATID NAME" in await lucy.say("groups")
    assert "没有群带标签 #区域A" in await boss.say("群 #区域A")


@pytest.mark.usefixtures("town")
async def test_one_group_tells_who_came_and_who_left(boss: Phone, meet: Meet, clock: Clock) -> None:
    zhang = await meet("张三", account="wecom")
    await known_as(zhang, "wmZhang")
    await boss.meet(read(clock, member("wmZhang", clock()), member("lilei", clock(), staff=True)))
    assert await boss.say("群 上海") == (
        "Q1 上海经销商 · 企业微信客户群 2 人 · 群主 李雷\n"
        "还没有标签\n"
        "可以群发，由群主在企业微信里确认\n"
        "最近进群：C1 张三 17:00、李雷 17:00\n"
        "最近退群：wmA 17:00\n"
        "改标签：群 Q1 标签 +区域A -区域B"
    )


@pytest.mark.usefixtures("town")
async def test_customers_of_colleagues_are_told_without_their_names(
    boss: Phone, hire: Hire, meet: Meet, clock: Clock
) -> None:
    wang = await hire("小王")
    await known_as(await meet("张三", account="wecom", owner="李雷"), "wmZhang")
    await boss.meet(read(clock, member("wmZhang", clock())))
    answer = await wang.say("群 Q1")
    assert "最近进群：C1 17:00" in answer
    assert "张三" not in answer
    assert "改标签" not in answer
    assert "经理" in await wang.say("群 Q1 标签 +区域A")
    assert "经理" in await wang.say("群 加 team1 华东")
    assert await labels(1) == []


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    "typed", ["群 Q1 标签 +区域A +VIP", "群 上海经销商 标签 +区域A +VIP", "groups “上海经销商” labels +区域A +VIP"]
)
async def test_a_group_is_labelled_by_its_id_or_its_name(boss: Phone, typed: str) -> None:
    assert "Q1 上海经销商：标签 区域A、VIP" in await boss.say(typed)
    assert await labels(1) == ["区域A", "VIP"]
    assert "标签 区域A\n" in await boss.say("群 Q1 标签 -vip")
    assert "1. Q1" in await boss.say("群 #区域A")
    assert "没有标签了" in await boss.say("群 Q1 -区域A")


@pytest.mark.usefixtures("town")
async def test_of_several_groups_one_is_chosen(boss: Phone) -> None:
    answer = await boss.say("群 经销商 标签 +区域A")
    assert "1. Q1 上海经销商" in answer
    assert "2. Q2 北京经销商" in answer
    assert "Q2 北京经销商：标签 区域A" in await boss.say("2")
    assert await labels(2) == ["区域A"]


@pytest.mark.usefixtures("town")
async def test_long_lists_go_on(boss: Phone, clock: Clock) -> None:
    for number in range(4, 15):
        await boss.meet(joined(clock, Address("telegram", f"-{number}00"), title=f"群{number}"))
        await boss.say(f"群 Q{number} 标签 +区域A")
    assert "后面还有" in await boss.say("群 #区域A")
    assert "1. Q10" in await boss.say("更多")
    assert "后面还有" not in await boss.say("群 page=9")


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("群 没有这个群", "没有叫「没有这个群」的群"),
        ("群 Q99", "没有 Q99 这个编号"),
        ("群 标签 +A", "后面还差内容"),
        ("群 Q1 标签 +全部", "「全部」做不了群标签"),
        (f"群 Q1 标签 +{'长' * 40}", "做不了群标签"),
        (f"群 Q1 标签 {' '.join(f'+{n}x' for n in range(21))}", "一次最多打 20 个"),
        ("群 加 不是编号", "不像群聊 ID"),
        ("群 加 team1 via=telegram", "应用群聊只在企业微信里有"),
        ("看 Q1", "「Q1」用不上"),
    ],
)
async def test_what_cannot_be_is_told(boss: Phone, typed: str, said: str) -> None:
    assert said in await boss.say(typed)
    assert await GroupLabel.all().count() == 0


@pytest.mark.usefixtures("town")
async def test_a_group_that_is_over_says_so(boss: Phone, clock: Clock) -> None:
    await boss.meet(GroupChanged(clock(), ROOM, "bot_left"))
    assert "17:00 起不在了" in await boss.say("群 Q2")
    assert "Q2" not in await boss.say("群")
    await Group.filter(id=1).update(owner="")
    assert "不知道群主是谁" in await boss.say("群 Q1")


async def test_an_apps_own_chat_is_registered_by_its_id(boss: Phone, lucy: Phone, clock: Clock) -> None:
    assert "正在向企业微信核对群聊 team1" in await boss.say("群 加 team1 华东群")
    (asked,) = await asked_for()
    assert (asked.account, asked.chat, asked.told) == ("wecom", "chat:team1", boss.address)
    group = await Group.get()
    assert (group.group, group.title, group.writable) == ("app", "华东群", False)
    found = read(clock, member("lilei", staff=True), chat=group.address, title="", group="app", asked=asked)
    await lucy.meet(found)
    assert told(lucy, boss) == "Q1 华东群 登记好了，可以群发。打标签：群 Q1 标签 +区域A"
    assert (await Group.get()).writable
    assert "team1" in await boss.say("群 加 team1 华东一群")
    assert (await Group.get()).title == "华东一群"


async def test_an_apps_chat_that_is_not_there_is_not_kept(boss: Phone, lucy: Phone, clock: Clock) -> None:
    await boss.say("群 加 team1 华东群")
    (asked,) = await asked_for()
    await lucy.meet(GroupsUnread(clock(), asked, "busy", clock()))
    assert told(lucy, boss) == "群聊 team1 还没核对成：平台一直忙。我会接着试。"
    (asked,) = await asked_for()
    await lucy.meet(read(clock, chat=Address("wecom", "chat:team1"), group="app", gone=True, asked=asked))
    assert told(lucy, boss).startswith("企业微信里没有群聊 team1")
    assert await Group.all().count() == 0


@pytest.mark.usefixtures("town")
async def test_help_tells_both_commands_apart(boss: Phone, hire: Hire) -> None:
    assert "见 群聊" in await boss.say("帮助 群")
    assert "见 群）" in await (await hire("管理员", Role.ADMIN)).say("帮助 群聊")
