"""Here lives how an official account is asked for its tags and for who has them."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels import tag_limits
from channels.wechat.tag_calls import PAGE
from domain.channel import Taggable
from domain.sync import ContactRead, TagContactsRead, TagLibraryRead, TagsAsked, TagsUnread
from domain.tags import Library, Remote, Shape, TagLimits
from sandbox.wechat import WeChat
from tests.channels.wechat.conftest import Clock, Stage

ROOT = Path(__file__).parents[3]
NOW = Clock().now
LIBRARY = TagsAsked(NOW, "official", 3)
CONTACTS = TagsAsked(NOW, "official", 3, "contacts")
FANS, PEOPLE = "user/tag/get", "user/info/batchget"


@pytest.fixture
def wechat(stage: Stage) -> WeChat:
    return stage.sandbox.wechat


async def look(stage: Stage, asked: TagsAsked) -> TagLibraryRead | TagContactsRead | TagsUnread:
    assert isinstance(stage.channel, Taggable)
    return await stage.channel.look(asked)


async def page(stage: Stage, cursor: str = "") -> TagContactsRead:
    read = await look(stage, replace(CONTACTS, cursor=cursor))
    assert isinstance(read, TagContactsRead)
    return read


async def pages(stage: Stage) -> list[TagContactsRead]:
    found = [await page(stage)]
    while found[-1].cursor:
        found.append(await page(stage, found[-1].cursor))
    return found


def fans(wechat: WeChat, tag: int, count: int) -> tuple[str, ...]:
    openids = tuple(f"oFan{number:05}" for number in range(count))
    for openid in openids:
        wechat.add_user(openid).tag(tag)
    return openids


def carriers(openids: tuple[str, ...], tag: int) -> tuple[ContactRead, ...]:
    return tuple(ContactRead(openid, (str(tag),)) for openid in openids)


async def test_the_library_is_all_but_the_platforms_own(stage: Stage, wechat: WeChat) -> None:
    for name in ("新客", "VIP 😀"):
        wechat.make_tag(name)
    items = (Remote("tag", "100", Shape("新客")), Remote("tag", "101", Shape("VIP 😀")))
    assert await look(stage, LIBRARY) == TagLibraryRead(NOW, LIBRARY, Library(items, complete=True))


async def test_an_empty_library_proves_nothing(stage: Stage, wechat: WeChat) -> None:
    assert await look(stage, LIBRARY) == TagLibraryRead(NOW, LIBRARY, Library((), complete=False))
    assert await pages(stage) == [TagContactsRead(NOW, CONTACTS, (), "")]
    assert stage.calls(FANS) == []


async def test_tag_by_tag_one_call_each_tells_who_has_it(stage: Stage, wechat: WeChat) -> None:
    first, second, nobodys = (wechat.make_tag(name) for name in ("新客", "老客", "VIP"))
    openids = fans(wechat, first, 3)
    wechat.tag_fan(openids[1], second)
    told = await pages(stage)
    assert [(read.tag, read.contacts, read.whole) for read in told] == [
        (str(first), carriers(openids, first), True),
        (str(second), carriers(openids[1:2], second), True),
        (str(nobodys), (), True),
    ]
    assert len(stage.calls("tags/get")) == 1
    assert len(stage.calls(FANS)) == 3


@pytest.mark.parametrize("count", [PAGE, PAGE + 1])
async def test_many_followers_come_in_pages(stage: Stage, wechat: WeChat, count: int) -> None:
    tag = wechat.make_tag("新客")
    openids = fans(wechat, tag, count)
    told = await pages(stage)
    assert [len(read.contacts) for read in told] == [PAGE, count - PAGE]
    assert [read.whole for read in told] == [False, True]
    assert tuple(contact for read in told for contact in read.contacts) == carriers(openids, tag)


async def test_a_page_that_was_not_kept_is_the_same_again(stage: Stage, wechat: WeChat) -> None:
    fans(wechat, wechat.make_tag("新客"), 2)
    wechat.make_tag("老客")
    first = await page(stage)
    assert await page(stage) == first
    assert await page(stage, first.cursor) == await page(stage, first.cursor)


async def test_shorter_pages_than_we_know_are_read_to_the_end(stage: Stage, wechat: WeChat) -> None:
    tag = wechat.make_tag("新客")
    openids = fans(wechat, tag, 3)
    short = {"count": 2, "data": {"openid": list(openids[:2])}, "next_openid": openids[1]}
    stage.sandbox.fail("wechat", FANS, body=short)
    told = await pages(stage)
    assert [(len(read.contacts), read.whole) for read in told] == [(2, False), (1, True)]


async def test_fewer_than_were_counted_are_not_all(stage: Stage, wechat: WeChat) -> None:
    first, second = wechat.make_tag("新客"), wechat.make_tag("老客")
    openids = fans(wechat, second, 3)
    cursor = (await page(stage)).cursor
    wechat.untag_fan(openids[0], second)
    told = await page(stage, cursor)
    assert (told.contacts, told.whole) == (carriers(openids[1:], second), False)
    last = await page(stage, told.cursor)
    assert (last.tag, last.contacts, last.cursor, last.whole) == (str(second), (), "", False)
    assert first != second


async def test_a_tag_deleted_between_its_pages_is_passed_over(stage: Stage, wechat: WeChat) -> None:
    first, second = wechat.make_tag("新客"), wechat.make_tag("老客")
    fans(wechat, first, PAGE + 1)
    begun = await page(stage)
    assert not begun.whole
    wechat.delete_tag(first)
    passed = await page(stage, begun.cursor)
    assert (passed.tag, passed.contacts, passed.whole) == (str(first), (), False)
    last = await page(stage, passed.cursor)
    assert (last.tag, last.cursor, last.whole) == (str(second), "", True)


async def test_who_left_at_the_edge_of_a_page_ends_that_tag_unproven(stage: Stage, wechat: WeChat) -> None:
    tag = wechat.make_tag("新客")
    openids = fans(wechat, tag, PAGE + 1)
    begun = await page(stage)
    await wechat.unfollow(openids[PAGE - 1])
    passed = await page(stage, begun.cursor)
    assert (passed.contacts, passed.cursor, passed.whole) == ((), "", False)


async def test_single_followers_are_asked_for_what_they_have_and_who_left_is_not_told(
    stage: Stage, wechat: WeChat
) -> None:
    tag = wechat.make_tag("新客")
    openids = fans(wechat, tag, 3)
    wechat.untag_fan(openids[1], tag)
    await wechat.unfollow(openids[2])
    asked = replace(CONTACTS, contacts=openids, cursor='[[],"",0]')
    told = await look(stage, asked)
    assert told == TagContactsRead(
        NOW, asked, (ContactRead(openids[0], (str(tag),)), ContactRead(openids[1], ())), asked.cursor
    )
    assert [call.method_or_path for call in stage.sandbox.calls][-1:] == [PEOPLE]


async def test_somebody_whom_the_platform_does_not_know_keeps_nobody_from_being_told_of(
    stage: Stage, wechat: WeChat
) -> None:
    openids = fans(wechat, wechat.make_tag("新客"), 2)
    told = await look(stage, replace(CONTACTS, contacts=(openids[0], "oNobody", openids[1])))
    assert isinstance(told, TagContactsRead)
    assert [each.id for each in told.contacts] == [*openids]


async def test_of_a_follower_without_a_list_of_tags_nothing_is_told(stage: Stage) -> None:
    body = {"user_info_list": [{"subscribe": 1, "openid": "oA"}]}
    stage.sandbox.fail("wechat", PEOPLE, body=body)
    told = await look(stage, replace(CONTACTS, contacts=("oA", "oB")))
    assert isinstance(told, TagContactsRead)
    assert told.contacts == (ContactRead("oA", None), ContactRead("oB", None))


@pytest.mark.parametrize("body", [{}, {"user_info_list": None}, {"user_info_list": ["oA"]}, {"errcode": -1}], ids=str)
async def test_followers_that_cannot_be_asked_have_not_left(stage: Stage, body: dict[str, Any]) -> None:
    stage.sandbox.fail("wechat", PEOPLE, body=body)
    assert isinstance(await look(stage, replace(CONTACTS, contacts=("oA",))), TagsUnread)


ERRORS: list[tuple[dict[str, Any], str, timedelta]] = [
    ({"body": {"errcode": -1}}, "busy", timedelta(seconds=5)),
    ({"body": {"errcode": 45011}}, "minute_quota", timedelta(minutes=1)),
    ({"body": {"errcode": 45009}}, "day_quota", timedelta(hours=12)),
    ({"body": {"errcode": 48001}}, "no_right", timedelta(minutes=5)),
    ({"body": {"errcode": 40003}}, "40003", timedelta(minutes=5)),
    ({"body": {"errcode": 40014}, "times": 2}, "token_40014", timedelta(minutes=1)),
    ({"hang_up": True, "times": 2}, "unreachable", timedelta(seconds=5)),
    ({"status": 502, "body": "<html>"}, "unreachable", timedelta(seconds=5)),
    ({"body": {}}, "unreachable", timedelta(seconds=5)),
    ({"body": {"errcode": 0, "errmsg": "ok"}}, "unreachable", timedelta(seconds=5)),
]


@pytest.mark.parametrize(("how", "reason", "wait"), ERRORS)
async def test_an_error_is_no_empty_answer(
    stage: Stage, wechat: WeChat, how: dict[str, Any], reason: str, wait: timedelta
) -> None:
    fans(wechat, wechat.make_tag("新客"), 2)
    stage.sandbox.fail("wechat", "tags/get", **how)
    assert await look(stage, LIBRARY) == TagsUnread(NOW, LIBRARY, reason, wait)
    stage.sandbox.fail("wechat", "tags/get", **how)
    assert await look(stage, CONTACTS) == TagsUnread(NOW, CONTACTS, reason, wait)
    stage.sandbox.fail("wechat", FANS, **how)
    assert await look(stage, CONTACTS) == TagsUnread(NOW, CONTACTS, reason, wait)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tags/get", {"tags": None}),
        ("tags/get", {"tags": ["新客"]}),
        ("tags/get", {"tags": [{"id": 100}]}),
        ("tags/get", {"tags": [{"id": "x", "name": "新客"}]}),
        (FANS, {"count": 2}),
        (FANS, {"count": 2, "data": []}),
    ],
)
async def test_half_an_answer_is_none(stage: Stage, wechat: WeChat, path: str, body: dict[str, Any]) -> None:
    wechat.make_tag("新客")
    stage.sandbox.fail("wechat", path, body=body)
    assert await look(stage, CONTACTS) == TagsUnread(NOW, CONTACTS, "unreachable", timedelta(seconds=5))


async def test_without_a_token_nothing_is_told(stage: Stage) -> None:
    stage.sandbox.fail("wechat", "stable_token", body={"errcode": 40125})
    assert await look(stage, LIBRARY) == TagsUnread(NOW, LIBRARY, "token_40125", timedelta(minutes=1))


def test_what_the_platform_allows_is_known() -> None:
    assert tag_limits("wechat") == TagLimits(tags=100, per_contact=20, batch=50, grouped=False)


def test_wechatpy_is_not_imported_before_the_first_tag() -> None:
    program = "import sys, channels.wechat; print({'wechatpy', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
