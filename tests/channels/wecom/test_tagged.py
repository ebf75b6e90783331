from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.wecom import WeCom
from channels.wecom.config import Config
from domain.contacts import Follow, Profile
from domain.sync import ContactRead, TagContactsRead, TagsAsked, TagsUnread
from sandbox import Sandbox

LISTING = "externalcontact/get_corp_tag_list"
FOLLOWERS = "externalcontact/get_follow_user_list"
BATCH = "externalcontact/batch/get_by_user"
ASKED = TagsAsked(datetime(2026, 11, 21, tzinfo=UTC), "wecom", 7)
CONTACTS = replace(ASKED, part="contacts")


@pytest.fixture
def channel(settings: dict[str, Any], tools: Any) -> WeCom:
    return WeCom(Config(**settings), tools)


@pytest.fixture(autouse=True)
def only_zhang(sandbox: Sandbox) -> None:
    sandbox.wecom.members = {"zhangwei": sandbox.wecom.members["zhangwei"]}


async def pages(channel: WeCom, cursor: str = "") -> AsyncIterator[TagContactsRead]:
    """To the end, each page as its own question, as after a restart."""
    while True:
        told = await channel.look(replace(CONTACTS, cursor=cursor))
        assert isinstance(told, TagContactsRead)
        yield told
        if not (cursor := told.cursor):
            return


def people(told: list[TagContactsRead]) -> list[tuple[str, str]]:
    return [(contact.member, contact.id) for page in told for contact in page.contacts]


def calls(sandbox: Sandbox, path: str) -> int:
    return sum(call.method_or_path == path for call in sandbox.calls)


def row(contact: object = "wm1", member: object = "zhangwei", tags: object = ("t1",)) -> dict[str, Any]:
    return {"external_contact": {"external_userid": contact}, "follow_info": {"userid": member, "tag_id": tags}}


def answer(sandbox: Sandbox, path: str, times: int = 1, **body: Any) -> None:
    sandbox.fail("wecom", path, times=times, body={"errcode": 0, "errmsg": "ok"} | body)


async def test_a_contact_is_told_with_the_tags_of_one_relation(channel: WeCom, sandbox: Sandbox, clock: Any) -> None:
    follow = sandbox.wecom.befriend("zhangwei", "wm1", "刘洋", "expo", gender=2, unionid="u1")
    follow.tags, follow.remark, follow.remark_mobiles = ["t1", "t2"], "老刘", ["13800000000"]
    added = datetime.fromtimestamp(follow.createtime, UTC)
    own = Follow("zhangwei", "老刘", state="expo", phones=("13800000000",), tags=("t1", "t2"), added_at=added)
    profile = Profile("刘洋", "u1", gender="female", follows=(own,))
    assert await channel.look(CONTACTS) == TagContactsRead(
        clock(),
        CONTACTS,
        (ContactRead("wm1", ("t1", "t2"), "zhangwei", profile),),
        cursor="",
        members=("zhangwei",),
        whole=True,
    )


async def test_contacts_come_in_pages_of_a_hundred(channel: WeCom, sandbox: Sandbox) -> None:
    for number in range(201):
        sandbox.wecom.befriend("zhangwei", f"wm{number}", f"客户{number}")
    told = [page async for page in pages(channel)]
    assert [(len(page.contacts), page.whole) for page in told] == [(100, False), (100, False), (1, True)]
    assert {page.members for page in told} == {("zhangwei",)}
    assert (calls(sandbox, FOLLOWERS), calls(sandbox, BATCH)) == (1, 3)


async def test_members_come_in_chunks_of_a_hundred(channel: WeCom, sandbox: Sandbox) -> None:
    names = [f"m{number:03}" for number in range(100)]  # and zhangwei, the last by name
    for name in names:
        sandbox.wecom.add_member(name, name)
        sandbox.wecom.befriend(name, f"wm-{name}", name)
    sandbox.wecom.befriend("zhangwei", "wm-m000", "m000")
    told = [page async for page in pages(channel)]
    assert [page.members for page in told] == [tuple(names), ("zhangwei",)]
    assert [page.whole for page in told] == [True, True]
    assert people(told) == [*((name, f"wm-{name}") for name in names), ("zhangwei", "wm-m000")]
    assert (calls(sandbox, FOLLOWERS), calls(sandbox, BATCH)) == (2, 2)


async def test_members_who_come_and_go_between_chunks_shift_nobody(channel: WeCom, sandbox: Sandbox) -> None:
    for number in range(150):
        sandbox.wecom.add_member(f"m{number:03}", "-")
        sandbox.wecom.befriend(f"m{number:03}", f"wm{number}", "-")
    told = []
    async for page in pages(channel):
        told.append(page)
        sandbox.wecom.members.pop("m007", None)
        sandbox.wecom.add_member("a001", "-")
    assert [(page.members[0], len(page.members)) for page in told] == [("m000", 100), ("m100", 51)]
    assert len(people(told)) == 150


async def test_members_without_customers_are_an_empty_page(channel: WeCom, sandbox: Sandbox) -> None:
    [page] = [page async for page in pages(channel)]
    assert (page.contacts, page.members, page.whole) == ((), ("zhangwei",), True)
    assert sandbox.calls[-1].answer["errcode"] == 84061


async def test_an_end_in_the_middle_of_a_listing_proves_nothing(channel: WeCom, sandbox: Sandbox) -> None:
    for number in range(101):
        sandbox.wecom.befriend("zhangwei", f"wm{number}", "-")
    first = await anext(pages(channel))
    answer(sandbox, BATCH, errcode=84061)
    told = await channel.look(replace(CONTACTS, cursor=first.cursor))
    assert isinstance(told, TagContactsRead)
    assert (told.contacts, told.members, told.cursor) == ((), (), "")


async def test_a_company_without_members_for_customers_has_nothing_to_tell(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.wecom.members.clear()
    [page] = [page async for page in pages(channel)]
    assert (page.contacts, page.members, page.cursor) == ((), (), "")


@pytest.mark.parametrize("who", [0, 3, 6])
async def test_a_member_who_left_meanwhile_keeps_nobody_from_being_read(
    channel: WeCom, sandbox: Sandbox, who: int
) -> None:
    names = [f"m{number}" for number in range(7)]
    sandbox.wecom.members.clear()
    for name in names:
        sandbox.wecom.add_member(name, name)
        for number in range(30):
            sandbox.wecom.befriend(name, f"wm-{name}-{number}", name)
    first = await anext(pages(channel))
    del sandbox.wecom.members[names[who]]
    told = [page async for page in pages(channel, first.cursor)]
    stayed = [name for name in names if name != names[who]]
    assert sorted(set(people(told))) == sorted((n, f"wm-{n}-{each}") for n in stayed for each in range(30))
    assert sorted(name for page in told if page.whole for name in page.members) == stayed


async def test_one_who_cannot_be_asked_about_is_passed_over(channel: WeCom, sandbox: Sandbox) -> None:
    answer(sandbox, BATCH, errcode=60111)
    [page] = [page async for page in pages(channel)]
    assert (page.contacts, page.members) == ((), ())


async def test_a_cursor_that_serves_no_longer_begins_its_chunk_anew(channel: WeCom, sandbox: Sandbox) -> None:
    for number in range(101):
        sandbox.wecom.befriend("zhangwei", f"wm{number}", "-")
    first = await anext(pages(channel))
    stale = first.cursor.replace('"page":"', '"page":"x')
    told = [page async for page in pages(channel, stale)]
    assert len(people(told)) == 101


async def test_a_cursor_of_somebody_else_is_the_beginning(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.wecom.befriend("zhangwei", "wm1", "-")
    assert people([page async for page in pages(channel, "{")]) == [("zhangwei", "wm1")]


@pytest.mark.parametrize(
    ("bad", "untold"),
    [
        (None, ["lina", "zhangwei"]),
        ({}, ["lina", "zhangwei"]),
        (row(member=None), ["lina", "zhangwei"]),
        (row(contact=5), ["zhangwei"]),
        (row(tags=[7]), ["zhangwei"]),
    ],
    ids=str,
)
async def test_of_members_with_a_row_that_cannot_be_read_not_everything_is_told(
    channel: WeCom, sandbox: Sandbox, bad: object, untold: list[str]
) -> None:
    sandbox.wecom.add_member("lina", "李娜")
    answer(sandbox, BATCH, external_contact_list=[row("wm1", tags=["t1"]), bad], next_cursor="1")
    answer(sandbox, BATCH, external_contact_list=[row("wm2", "lina", [])])
    told = [page async for page in pages(channel)]
    assert people(told) == [("zhangwei", "wm1"), ("lina", "wm2")]
    assert [contact.tags for page in told for contact in page.contacts] == [("t1",), ()]
    assert [set(page.members) for page in told] == [{"lina", "zhangwei"} - set(untold)] * 2


@pytest.mark.parametrize("tags", [None, "t1", {}])
async def test_a_row_without_a_list_of_tags_tells_nothing_of_tags(
    channel: WeCom, sandbox: Sandbox, tags: object
) -> None:
    answer(sandbox, BATCH, external_contact_list=[row(tags=tags)])
    [page] = [page async for page in pages(channel)]
    [contact] = page.contacts
    assert contact.tags is None
    assert contact.profile
    assert [follow.tags for follow in contact.profile.follows] == [None]
    assert (page.members, page.whole) == (("zhangwei",), True)


async def test_a_list_of_tags_that_is_left_out_beside_others_is_empty(channel: WeCom, sandbox: Sandbox) -> None:
    bare = {"external_contact": {"external_userid": "wm2"}, "follow_info": {"userid": "zhangwei"}}
    answer(sandbox, BATCH, external_contact_list=[row(tags=["t1"]), bare])
    [page] = [page async for page in pages(channel)]
    assert [contact.tags for contact in page.contacts] == [("t1",), ()]
    answer(sandbox, BATCH, external_contact_list=[bare])
    [page] = [page async for page in pages(channel)]
    assert [contact.tags for contact in page.contacts] == [None]


async def test_of_members_without_a_licence_nothing_is_told(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.wecom.add_member("lina", "李娜")
    answer(sandbox, BATCH, external_contact_list=[row()], fail_info={"unlicensed_userid_list": ["lina"]})
    [page] = [page async for page in pages(channel)]
    assert page.members == ("zhangwei",)


@pytest.mark.parametrize("how", [{"status": 502}, {"body": "<html>"}, {"hang_up": True, "times": 2}], ids=str)
@pytest.mark.parametrize(("asked", "path"), [(ASKED, LISTING), (CONTACTS, FOLLOWERS), (CONTACTS, BATCH)])
async def test_no_answer_is_no_listing(
    channel: WeCom, sandbox: Sandbox, clock: Any, asked: TagsAsked, path: str, how: Any
) -> None:
    sandbox.fail("wecom", path, **how)
    assert await channel.look(asked) == TagsUnread(clock(), asked, "unreachable", timedelta(seconds=30))


@pytest.mark.parametrize(
    ("code", "reason", "wait"),
    [
        (45009, "quota", 60),
        (45033, "concurrency", 3),
        (-1, "busy", 3),
        (40001, "bad_secret", 300),
        (60020, "ip_not_trusted", 300),
        (48002, "no_right", 300),
        (50003, "50003", 300),
        (40058, "40058", 30),
        (99999, "99999", 30),
    ],
)
@pytest.mark.parametrize(("asked", "path"), [(ASKED, LISTING), (CONTACTS, FOLLOWERS), (CONTACTS, BATCH)])
async def test_a_refusal_is_no_listing(
    channel: WeCom, sandbox: Sandbox, clock: Any, asked: TagsAsked, path: str, code: int, reason: str, wait: int
) -> None:
    answer(sandbox, path, errcode=code)
    assert await channel.look(asked) == TagsUnread(clock(), asked, reason, timedelta(seconds=wait))


@pytest.mark.parametrize(
    ("asked", "path", "body"),
    [
        (ASKED, LISTING, {}),
        (ASKED, LISTING, {"tag_group": {}}),
        (CONTACTS, FOLLOWERS, {}),
        (CONTACTS, BATCH, {}),
        (CONTACTS, BATCH, {"external_contact_list": None}),
        (CONTACTS, BATCH, {"external_contact_list": [], "next_cursor": 5}),
    ],
    ids=str,
)
async def test_an_answer_without_its_list_is_no_listing(
    channel: WeCom, sandbox: Sandbox, asked: TagsAsked, path: str, body: dict[str, Any]
) -> None:
    answer(sandbox, path, **body)
    assert isinstance(await channel.look(asked), TagsUnread)


async def test_a_cursor_that_leads_back_to_itself_is_not_followed(channel: WeCom, sandbox: Sandbox) -> None:
    answer(sandbox, BATCH, times=2, external_contact_list=[row()], next_cursor="same")
    first = await anext(pages(channel))
    assert isinstance(await channel.look(replace(CONTACTS, cursor=first.cursor)), TagsUnread)
