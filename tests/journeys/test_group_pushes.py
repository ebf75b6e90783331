"""Pushes to group chats: chosen by a label, one row of the ledger each, on every road that groups have."""

import re

import pytest

from domain.permissions import Role
from models.groups import Group
from models.recipients import Recipient
from sandbox.wecom.corp import AppChat
from tests.journeys.conftest import Build
from tests.journeys.town import ADMIN, BOSS, Town

ROOM, NEWS, LOST = -100200300, -100200400, -100200500
CODE = re.compile(r"(?:确认|confirm) ([0-9A-Z]{4})")


@pytest.fixture
async def town(build: Build) -> Town:
    """Q1 and Q2 in Telegram, Q3 customers of WeCom, Q4 the app's own; all of region A."""
    town = await build(push={"quiet_hours": ""})
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    await town.telegram.add_to_group(int(ADMIN), ROOM, "经销商")
    await town.settled()
    await town.telegram.add_to_group(int(ADMIN), NEWS, "公告", "channel")
    await town.settled()
    await town.wecom.groups.create("上海经销商", "wangfang", "wmA")
    await on(town)
    town.wecom.app_chats["team1"] = AppChat("team1", "华东群", BOSS, [BOSS, "wangfang"])
    await town.staff_says("群 加 team1")
    for number in (1, 2, 3, 4):
        assert "区域A" in await town.staff_says(f"群 Q{number} 标签 +区域A")
    return town


async def on(town: Town, times: int = 1) -> None:
    """Time passes."""
    for _ in range(times):
        await town.settled()
        town.clock.forward(seconds=4)
        await town.looked_around()
    await town.settled()


async def ledger() -> dict[str, tuple[str, str]]:
    rows = await Recipient.all().order_by("group_id")
    names = {row.id: row.title for row in await Group.all()}
    return {names[row.group_id or 0]: (row.state, row.reason) for row in rows}


async def confirmed(town: Town, preview: str) -> str:
    found = CODE.search(preview)
    assert found, preview
    return await town.staff_says(f"确认 {found[1]}")


async def test_one_push_goes_every_road_and_the_ledger_is_what_groups_received(town: Town) -> None:
    preview = await town.staff_says("群发 到群=#区域A\n大家好，新品到了")
    assert "发给 4 个群" in preview
    assert "Q1 经销商" in preview
    assert "王芳" in preview
    await confirmed(town, preview)
    await on(town, 3)
    assert await ledger() == {
        "经销商": ("sent", ""),
        "公告": ("sent", ""),
        "上海经销商": ("awaiting", ""),
        "华东群": ("sent", ""),
    }
    (task,) = town.wecom.broadcasts
    town.wecom.confirm_broadcast(task, "wangfang")
    town.clock.forward(minutes=3)
    await on(town)
    assert "已发送 4" in await town.staff_says("进度 P1")
    group = await Group.get(id=3)
    for place in (group.external_id, "team1"):
        assert [each.text for each in town.wecom.received(place)] == ["大家好，新品到了"]
    for chat in (ROOM, NEWS):
        assert [each["text"] for each in town.telegram.received(chat)] == ["大家好，新品到了"]


async def test_in_english_what_is_lost_before_it_is_sent_is_left_out_with_its_reason(town: Town) -> None:
    await town.staff_says("lang en")
    await town.telegram.add_to_group(int(ADMIN), LOST, "Old room")
    await town.settled()
    await town.staff_says("groups Q5 labels +区域A")
    found = CODE.search(preview := await town.staff_says("push groups=#区域A via=telegram\nhello"))
    assert found, preview
    await town.telegram.remove_from_group(int(ADMIN), LOST)
    await town.telegram.change_rights(int(ADMIN), NEWS, "administrator", can_post_messages=False)
    await town.telegram.migrate_group(ROOM, ROOM - 1)
    await town.settled()
    await town.staff_says(f"confirm {found[1]}")
    await on(town, 3)
    assert await ledger() == {
        "经销商": ("sent", ""),
        "公告": ("skipped", "not_writable"),
        "上海经销商": ("skipped", "unreachable"),
        "华东群": ("skipped", "unreachable"),
        "Old room": ("skipped", "gone"),
    }
    assert [each["text"] for each in town.telegram.received(ROOM - 1)] == ["hello"]


async def test_a_group_that_throws_us_out_unheard_is_over_once_we_try(town: Town) -> None:
    town.telegram.groups[ROOM].status = "kicked"  # and nobody tells us
    await confirmed(town, await town.staff_says("群发 到群=#区域A 渠道=电报\n大家好"))
    await on(town, 3)
    told = await ledger()
    assert told["经销商"] == ("failed", "not_in_group")
    assert told["公告"] == ("sent", "")
    assert "起不在了" in await town.staff_says("群 Q1")
