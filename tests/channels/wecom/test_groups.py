import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.wecom import WeCom
from channels.wecom.config import Config
from domain.channel import GroupDirectory
from domain.groups import GroupMember, GroupRead, GroupsAsked, GroupsRead, GroupsUnread
from sandbox import Sandbox
from sandbox.wecom.corp import CustomerGroup
from tests.channels.wecom.tasks import bodies, refuse

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom"
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
LIST = "externalcontact/groupchat/list"
GET = "externalcontact/groupchat/get"


@pytest.fixture
def channel(settings: dict[str, Any], tools: Any) -> WeCom:
    return WeCom(Config(**settings), tools)


def asked(chat: str = "", cursor: str = "") -> GroupsAsked:
    return GroupsAsked(AT, "wecom", cursor, chat)


def stock(sandbox: Sandbox, count: int, *owners: str) -> list[str]:
    for number in range(count):
        chat = f"wr{number:04}"
        group = CustomerGroup(chat, f"群{number}", owners[number % len(owners)], sandbox.stage.now())
        sandbox.wecom.customer_groups[chat] = group
    return [f"wr{number:04}" for number in range(count)]


async def everything(channel: WeCom) -> list[str]:
    found, cursor = list[str](), ""
    while True:
        told = await channel.groups(asked(cursor=cursor))
        assert isinstance(told, GroupsRead)
        found += told.chats
        cursor = told.cursor
        if not cursor:
            return found


async def test_all_groups_are_listed_page_by_page(channel: WeCom, sandbox: Sandbox) -> None:
    assert isinstance(channel, GroupDirectory)
    chats = stock(sandbox, 1500, "zhangwei", "wangfang")
    assert await everything(channel) == chats
    assert bodies(sandbox, LIST) == [
        {"status_filter": 0, "limit": 1000},
        {"status_filter": 0, "limit": 1000, "cursor": "1000"},
    ]


async def test_a_house_without_groups_has_none(channel: WeCom) -> None:
    question = asked()
    assert await channel.groups(question) == GroupsRead(AT, question, ())


async def test_a_big_company_is_asked_for_a_hundred_owners_at_a_time(channel: WeCom, sandbox: Sandbox) -> None:
    owners = [f"member{number:04}" for number in range(1100)]
    for owner in owners:
        sandbox.wecom.add_member(owner, owner)
    chats = stock(sandbox, 2200, *owners)
    assert sorted(await everything(channel)) == chats
    filters = [body.get("owner_filter") for body in bodies(sandbox, LIST)]
    assert filters[0] is None
    assert len(filters) == 13  # the first try, and a page for each hundred of the 1103 members
    assert all(len(each["userid_list"]) <= 100 for each in filters[1:])


async def test_the_groups_of_a_hundred_owners_may_be_several_pages(channel: WeCom, sandbox: Sandbox) -> None:
    for number in range(1001):
        sandbox.wecom.add_member(f"member{number:04}", "x")
    chats = stock(sandbox, 1001, "zhangwei")
    assert await everything(channel) == chats


async def test_a_cursor_that_serves_no_longer_begins_anew(channel: WeCom, sandbox: Sandbox) -> None:
    stock(sandbox, 1500, "zhangwei")
    first = await channel.groups(asked())
    assert isinstance(first, GroupsRead)
    refuse(sandbox, LIST, 50100)
    again = await channel.groups(asked(cursor=first.cursor))
    assert isinstance(again, GroupsRead)
    assert again.chats == first.chats
    assert await channel.groups(asked(cursor="nonsense")) == GroupsRead(
        AT, asked(cursor="nonsense"), first.chats, first.cursor
    )


async def test_the_platforms_own_list(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", LIST, body=json.loads((FIXTURES / "wecom-chat-list-ok.json").read_text("utf-8")))
    told = await channel.groups(asked())
    assert isinstance(told, GroupsRead)
    assert told.chats == ("wrQ7kPDgAAKXi5Asa6smYgOw9RTEzi1J", "wrQ7kPDgAAGLEXa0sO40x9ehcZGvQfZn")
    assert "fTIMdbKY8vdqvfmfBBV3iTUnjLgCaHO1WAUZ_D1fwYj" in told.cursor


async def test_a_group_is_told_with_its_members(channel: WeCom, sandbox: Sandbox, clock: Any) -> None:
    sandbox.wecom.befriend("zhangwei", "wm0", "陈小姐🌸")
    group = await sandbox.wecom.groups.create("番禺VIP群🍵", "zhangwei", told=False)
    clock.pass_by(60)
    await sandbox.wecom.groups.join(group.chat_id, "wm0", state="join_ch_7", told=False)
    question = asked(group.chat_id)
    assert await channel.groups(question) == GroupRead(
        clock(),
        question,
        "番禺VIP群🍵",
        "zhangwei",
        (
            GroupMember("zhangwei", "张伟", staff=True, joined_at=AT),
            GroupMember("wm0", "陈小姐🌸", joined_at=AT + timedelta(seconds=60), source="join_ch_7"),
        ),
    )
    assert bodies(sandbox, GET) == [{"chat_id": group.chat_id, "need_name": 1}]


async def test_the_platforms_own_group(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", GET, body=json.loads((FIXTURES / "wecom-chat-get-ok.json").read_text("utf-8")))
    question = asked("wrQ7kPDgAAKXi5Asa6smYgOw9RTEzi1J")
    joined = datetime.fromtimestamp(1795000000, UTC)
    assert await channel.groups(question) == GroupRead(
        AT,
        question,
        "番禺VIP群🍵",
        "ZhangWei",
        (
            GroupMember("ZhangWei", "张伟", staff=True, joined_at=joined),
            GroupMember(
                "wmQ7kPDgAAwJSkRjaxuUSvvUYSSoF0j8",
                "陈小姐🌸",
                joined_at=joined + timedelta(seconds=100),
                source="join_ch_7",
            ),
        ),
    )


async def test_a_group_that_is_dismissed_or_unknown_is_gone(channel: WeCom, sandbox: Sandbox) -> None:
    group = await sandbox.wecom.groups.create("群", "zhangwei", told=False)
    await sandbox.wecom.groups.dismiss(group.chat_id, told=False)
    for chat in (group.chat_id, "wrUnknown"):
        assert await channel.groups(asked(chat)) == GroupRead(AT, asked(chat), "", gone=True)
    assert await everything(channel) == []


async def test_what_is_left_out_is_not_told(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", GET, body={"errcode": 0, "group_chat": {"chat_id": "wr0", "name": "群", "owner": 7}})
    assert await channel.groups(asked("wr0")) == GroupRead(AT, asked("wr0"), "群")
    rows = [{"userid": "wm0", "type": "x", "join_time": -1, "group_nickname": "小陈"}, {"type": 2}, "wm1"]
    sandbox.fail("wecom", GET, body={"errcode": 0, "group_chat": {"member_list": rows}})
    assert await channel.groups(asked("wr0")) == GroupRead(AT, asked("wr0"), "", "", (GroupMember("wm0", "小陈"),))


@pytest.mark.parametrize(
    ("code", "reason", "wait"),
    [
        (45009, "quota", timedelta(minutes=1)),
        (48002, "no_right", timedelta(minutes=5)),
        (60020, "ip_not_trusted", timedelta(minutes=5)),
        (60011, "not_visible", timedelta(seconds=30)),
    ],
)
@pytest.mark.parametrize(("path", "chat"), [(LIST, ""), (GET, "wr0"), ("appchat/get", "chat:c0")])
async def test_a_question_that_is_turned_down_is_asked_again(
    channel: WeCom, sandbox: Sandbox, path: str, chat: str, code: int, reason: str, wait: timedelta
) -> None:
    refuse(sandbox, path, code)
    assert await channel.groups(asked(chat)) == GroupsUnread(AT, asked(chat), reason, AT + wait)


@pytest.mark.parametrize(("path", "chat"), [(LIST, ""), (GET, "wr0"), ("appchat/get", "chat:c0")])
@pytest.mark.parametrize("how", [{"hang_up": True, "times": 2}, {"body": {"errcode": 0}}], ids=str)
async def test_no_usable_answer_is_asked_again(
    channel: WeCom, sandbox: Sandbox, path: str, chat: str, how: dict[str, Any]
) -> None:
    sandbox.fail("wecom", path, **how)
    assert await channel.groups(asked(chat)) == GroupsUnread(AT, asked(chat), "unreachable", AT + timedelta(seconds=30))


async def test_members_that_are_not_told_are_asked_for_again(channel: WeCom, sandbox: Sandbox) -> None:
    refuse(sandbox, LIST, 81017)
    sandbox.fail("wecom", "externalcontact/get_follow_user_list", body={"errcode": 0})
    assert isinstance(await channel.groups(asked()), GroupsUnread)
    refuse(sandbox, LIST, 81017)
    sandbox.fail("wecom", "externalcontact/get_follow_user_list", body={"errcode": 0, "follow_user": []})
    assert await channel.groups(asked()) == GroupsRead(AT, asked(), ())
