"""Group chats: of WeCom and Telegram, in both languages, from the day they are made until they are over."""

import pytest

from domain.permissions import Role
from models.customers import Customer
from models.groups import Group
from sandbox.wecom.corp import AppChat
from tests.journeys.conftest import Build
from tests.journeys.town import ADMIN, BOSS, Town

MIA = 50001
ROOM, NEWS = -100200300, -100200400
LIU, CHEN = "wmSandboxContact0000000000001", "wmSandboxContact0000000000002"


@pytest.fixture
async def wecom(town: Town) -> Town:
    """Two customers of a member who owns groups."""
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    for contact, name in ((LIU, "刘洋"), (CHEN, "陈晨")):
        await town.wecom.add_contact("wangfang", contact, name)
        await town.settled()
    return town


async def read(town: Town) -> None:
    """A while after the last change the group is read."""
    await town.settled()
    town.clock.forward(seconds=4)
    await town.looked_around()
    await town.settled()


async def test_a_customer_group_is_made_labelled_joined_left_and_dissolved(wecom: Town) -> None:
    town = wecom
    group = await town.wecom.groups.create("上海经销商", "wangfang", LIU)
    await read(town)
    assert "1. Q1 上海经销商 · 企业微信客户群 2 人 · 群主 王芳" in await town.member_says("群 列表")
    assert "标签 区域A" in await town.member_says("群 上海经销商 标签 +区域A")
    await town.wecom.groups.join(group.chat_id, CHEN)
    await town.wecom.groups.leave(group.chat_id, LIU)
    await town.wecom.groups.rename(group.chat_id, "上海总代")
    before = len(town.calls("wecom", "externalcontact/groupchat/get"))
    await read(town)
    assert len(town.calls("wecom", "externalcontact/groupchat/get")) - before == 1  # one reading after all of it
    answer = await town.member_says("群 Q1")
    assert answer.startswith("Q1 上海总代 · 企业微信客户群 2 人 · 群主 王芳\n标签：区域A\n可以群发")
    assert "最近进群：C2 陈晨" in answer
    assert "最近退群：C1 刘洋" in answer
    assert "在群：上海总代" in await town.member_says("看 C2")
    assert "在群" not in await town.member_says("看 C1")
    assert "上海经销商 → 空" in await town.member_says("日志 C1")
    await town.wecom.groups.dismiss(group.chat_id)
    await read(town)
    assert "起不在了" in await town.member_says("群 Q1")
    assert "没有群带标签" in await town.member_says("群 #区域A")


async def test_in_english_what_happened_while_we_were_closed_is_found_at_the_start(wecom: Town) -> None:
    town = wecom
    kept = await town.wecom.groups.create("Shanghai dealers", "wangfang", LIU)
    over = await town.wecom.groups.create("Old dealers", "wangfang")
    await read(town)
    await town.member_says("lang en")
    await town.close()
    await town.wecom.groups.leave(kept.chat_id, LIU, told=False)
    await town.wecom.groups.dismiss(over.chat_id, told=False)
    await town.wecom.groups.create("Peking dealers", "wangfang", CHEN, told=False)
    town.clock.forward(hours=2)
    await town.open()
    answer = await town.member_says("groups")
    assert "1. Q1 Shanghai dealers · WeCom customer group, 1 member · owner 王芳" in answer
    assert "2. Q3 Peking dealers · WeCom customer group, 2 members · owner 王芳" in answer
    assert "Old dealers" not in answer
    assert "Left lately: C1 刘洋" in await town.member_says("groups Q1")
    assert "in group chats: Peking dealers" in await town.member_says("show C2")


async def test_an_apps_own_chat_is_registered_after_its_platform_was_asked(town: Town) -> None:
    assert "正在向企业微信核对群聊 team1" in await town.member_says("群 加 team1 华东群")
    assert "企业微信里没有群聊 team1" in town.wecom_texts(BOSS)[-1]
    assert await Group.all().count() == 0
    town.wecom.add_member("wangfang", "王芳")
    town.wecom.app_chats["team1"] = AppChat("team1", "华东群", BOSS, [BOSS, "wangfang"])
    await town.member_says("群 加 team1 华东群")
    assert "华东群 登记好了，可以群发" in town.wecom_texts(BOSS)[-1]
    assert (await Group.get()).external_id == "chat:team1"


async def test_a_group_and_a_channel_of_telegram_are_joined_labelled_migrated_and_lost(town: Town) -> None:
    await town.telegram.add_to_group(int(ADMIN), ROOM, "经销商")
    await town.telegram.add_to_group(int(ADMIN), NEWS, "公告", "channel")
    await town.settled()
    answer = await town.staff_says("群")
    assert "1. Q1 经销商 · Telegram 群" in answer
    assert "2. Q2 公告 · Telegram 频道" in answer
    assert "标签 区域A" in await town.staff_says("群 Q1 标签 +区域A")
    assert "标签 区域A" in await town.staff_says("群 公告 标签 +区域A")
    await town.telegram.migrate_group(ROOM, ROOM - 1)
    await town.telegram.change_rights(int(ADMIN), NEWS, "administrator", can_post_messages=False)
    await town.settled()
    assert (await Group.get(id=1)).external_id == str(ROOM - 1)
    answer = await town.staff_says("群 #区域A")
    assert "1. Q1 经销商 · Telegram 群 #区域A\n" in answer
    assert "不能发言" in answer
    await town.telegram.remove_from_group(int(ADMIN), ROOM - 1)
    await town.settled()
    assert "起不在了" in await town.staff_says("群 Q1")
    await town.telegram.add_to_group(int(ADMIN), ROOM - 1, "经销商", "supergroup")
    await town.settled()
    answer = await town.staff_says("群 Q1")
    assert "标签：区域A\n可以群发" in answer


async def test_in_english_members_of_a_telegram_group_come_and_go(build: Build) -> None:
    town = await build(language="en")
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.telegram.add_to_group(int(ADMIN), ROOM, "Dealers")
    mia = {"id": MIA, "is_bot": False, "first_name": "Mia"}
    await town.telegram.group_event(MIA, ROOM, new_chat_members=[mia])
    await town.settled()
    assert "Joined lately: C1 Mia" in await town.staff_says("groups dealers")
    assert "in group chats: Dealers" in await town.staff_says("show C1")
    await town.telegram.group_event(MIA, ROOM, left_chat_member=mia)
    await town.settled()
    assert "Left lately: C1 Mia" in await town.staff_says("groups Q1")
    assert "Dealers → (empty)" in await town.staff_says("log C1")
    assert await Customer.all().count() == 1
