"""Here lives how an official account's tags are changed, and given to and taken from its followers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.channel import Deferred, Delivered, DeliveryResult, Refused
from domain.messages import Address
from domain.outgoing import NewTag, TagChange, TagEdit
from sandbox.wechat import WeChat
from tests.channels.wechat.conftest import Clock, Stage

TO = Address("official", "tags")
NOW = Clock().now
GIVE, TAKE = "tags/members/batchtagging", "tags/members/batchuntagging"
CREATE = TagEdit(TO, "create", tags=(NewTag(1, "新客"), NewTag(2, "老客"), NewTag(3, "VIP 😀")))
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.fixture
def wechat(stage: Stage) -> WeChat:
    return stage.sandbox.wechat


async def deliver(stage: Stage, outgoing: TagEdit | TagChange) -> DeliveryResult:
    return await stage.channel.deliver("o:1", outgoing)


def fans(wechat: WeChat, count: int) -> tuple[str, ...]:
    openids = tuple(f"oFan{number:02}" for number in range(count))
    for openid in openids:
        wechat.add_user(openid)
    return openids


def having(wechat: WeChat, tag: int) -> set[str]:
    return {user.openid for user in wechat.users.values() if tag in user.tags}


def sizes(stage: Stage, path: str) -> list[int]:
    return [len(body["openid_list"]) for body in stage.calls(path)]


async def test_new_tags_are_made_one_by_one(stage: Stage, wechat: WeChat) -> None:
    assert await deliver(stage, CREATE) == Delivered(found=((1, "100"), (2, "101"), (3, "102")))
    assert wechat.tags == {2: "星标组", 100: "新客", 101: "老客", 102: "VIP 😀"}
    assert stage.calls("tags/get") == []


async def test_what_is_made_twice_is_there_once(stage: Stage, wechat: WeChat) -> None:
    first = await deliver(stage, CREATE)
    assert await deliver(stage, CREATE) == first
    assert len(wechat.tags) == 4
    assert len(stage.calls("tags/get")) == 1


async def test_a_tag_whose_answer_was_lost_is_found_again(stage: Stage, wechat: WeChat) -> None:
    stage.sandbox.fail("wechat", "tags/create", hang_up=True, after_effect=True)
    assert await deliver(stage, CREATE) == Deferred(NOW + timedelta(seconds=5), "unreachable")
    assert list(wechat.tags.values()) == ["星标组", "新客"]
    assert await deliver(stage, CREATE) == Delivered(found=((1, "100"), (2, "101"), (3, "102")))
    assert len(wechat.tags) == 4


async def test_a_new_name_that_the_platform_dislikes_is_refused(stage: Stage, wechat: WeChat) -> None:
    system = TagEdit(TO, "create", tags=(NewTag(1, "星标组"),))
    assert await deliver(stage, system) == Refused("name_taken")
    too_long = TagEdit(TO, "create", tags=(NewTag(1, "长" * 31),))
    assert await deliver(stage, too_long) == Refused("name_too_long")


async def test_a_full_library_takes_no_more(stage: Stage, wechat: WeChat) -> None:
    for number in range(99):
        wechat.make_tag(f"n{number}")
    assert await deliver(stage, CREATE) == Refused("library_full")
    assert await deliver(stage, TagEdit(TO, "create", tags=CREATE.tags[:1])) == Delivered(found=((1, "199"),))


async def test_a_tag_gets_its_new_name_and_has_no_order(stage: Stage, wechat: WeChat) -> None:
    tag = wechat.make_tag("新客")
    rename = TagEdit(TO, "change", remote=str(tag), name="常客", order=7)
    assert [await deliver(stage, rename) for _ in range(2)] == [Delivered()] * 2
    assert wechat.tags[tag] == "常客"
    assert await deliver(stage, TagEdit(TO, "change", remote=str(tag), order=9)) == Delivered()
    assert len(stage.calls("tags/update")) == 2


async def test_a_name_of_its_own_is_taken_only_by_others(stage: Stage, wechat: WeChat) -> None:
    tag, other = wechat.make_tag("新客"), wechat.make_tag("常客")
    assert await deliver(stage, TagEdit(TO, "change", remote=str(tag), name="常客")) == Refused("name_taken")
    stage.sandbox.fail("wechat", "tags/update", body={"errcode": 45157})
    assert await deliver(stage, TagEdit(TO, "change", remote=str(other), name="常客")) == Delivered()


async def test_deleted_tags_are_gone_however_often_that_is_said(stage: Stage, wechat: WeChat) -> None:
    tags = [wechat.make_tag(name) for name in ("新客", "老客")]
    wechat.delete_tag(tags[0])
    delete = TagEdit(TO, "delete", remotes=tuple(map(str, tags)))
    assert [await deliver(stage, delete) for _ in range(2)] == [Delivered()] * 2
    assert wechat.tags == {2: "星标组"}


@pytest.mark.parametrize(("code", "reason"), [(45057, "too_many_fans"), (45058, "not_ours")])
async def test_a_tag_that_stays_does_not_keep_others(stage: Stage, wechat: WeChat, code: int, reason: str) -> None:
    tags = [wechat.make_tag(name) for name in ("新客", "老客")]
    stage.sandbox.fail("wechat", "tags/delete", body={"errcode": code})
    assert await deliver(stage, TagEdit(TO, "delete", remotes=tuple(map(str, tags)))) == Refused(reason)
    assert tags[0] in wechat.tags
    assert tags[1] not in wechat.tags


async def test_the_rest_is_deleted_when_the_quota_begins_anew(stage: Stage, wechat: WeChat) -> None:
    delete = TagEdit(TO, "delete", remotes=tuple(str(wechat.make_tag(name)) for name in ("新客", "老客")))
    wechat.quotas["tags/delete"] = 1
    assert await deliver(stage, delete) == Deferred(MIDNIGHT, "day_quota", whole_account=True)
    assert list(wechat.tags.values()) == ["星标组", "老客"]
    wechat.quotas.clear()
    assert await deliver(stage, delete) == Delivered()
    assert list(wechat.tags.values()) == ["星标组"]


@pytest.mark.parametrize(("count", "calls"), [(1, [1]), (50, [50]), (51, [50, 1])])
async def test_fifty_followers_fit_one_call(stage: Stage, wechat: WeChat, count: int, calls: list[int]) -> None:
    tag, openids = wechat.make_tag("新客"), fans(wechat, count)
    for _ in range(2):
        assert await deliver(stage, TagChange(TO, openids, add=(str(tag),))) == Delivered()
    assert having(wechat, tag) == set(openids)
    assert sizes(stage, GIVE) == calls * 2
    for _ in range(2):
        assert await deliver(stage, TagChange(TO, openids, drop=(str(tag),))) == Delivered()
    assert having(wechat, tag) == set()
    assert sizes(stage, TAKE) == calls * 2


async def test_one_follower_who_left_does_not_keep_forty_nine_from_their_tag(stage: Stage, wechat: WeChat) -> None:
    tag, openids = wechat.make_tag("新客"), fans(wechat, 50)
    await wechat.unfollow(openids[20])
    result = await deliver(stage, TagChange(TO, openids, add=(str(tag),)))
    assert result == Delivered(failed=((openids[20], "unfollowed"),))
    assert having(wechat, tag) == set(openids) - {openids[20]}
    assert len(sizes(stage, GIVE)) <= 13


async def test_each_who_cannot_be_tagged_is_told_with_the_reason(stage: Stage, wechat: WeChat) -> None:
    tag, openids = wechat.make_tag("新客"), fans(wechat, 5)
    wechat.users[openids[0]].tags = list(range(200, 220))
    await wechat.unfollow(openids[3])
    result = await deliver(stage, TagChange(TO, ("oNobody", *openids), add=(str(tag),)))
    assert result == Delivered(
        failed=(("oNobody", "no_such_contact"), (openids[0], "per_contact"), (openids[3], "unfollowed"))
    )
    assert having(wechat, tag) == {openids[1], openids[2], openids[4]}


async def test_a_follower_with_twenty_tags_keeps_what_is_there(stage: Stage, wechat: WeChat) -> None:
    tag, (openid,) = wechat.make_tag("新客"), fans(wechat, 1)
    wechat.users[openid].tags = [*range(200, 219), tag]
    assert await deliver(stage, TagChange(TO, (openid,), add=(str(tag),))) == Delivered()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (45059, "per_contact"),
        (43004, "unfollowed"),
        (43005, "unfollowed"),
        (50005, "unfollowed"),
        (40003, "no_such_contact"),
        (46004, "no_such_contact"),
        (49003, "no_such_contact"),
    ],
)
async def test_codes_about_one_person(stage: Stage, wechat: WeChat, code: int, reason: str) -> None:
    tag, (openid,) = wechat.make_tag("新客"), fans(wechat, 1)
    for path, change in ((GIVE, {"add": (str(tag),)}), (TAKE, {"drop": (str(tag),)})):
        stage.sandbox.fail("wechat", path, body={"errcode": code, "errmsg": "no"})
        assert await deliver(stage, TagChange(TO, (openid,), **change)) == Delivered(failed=((openid, reason),))


CODES: list[tuple[int, DeliveryResult]] = [
    (45056, Refused("library_full")),
    (45058, Refused("not_ours")),
    (45158, Refused("name_too_long")),
    (45159, Refused("tag_gone")),
    (48001, Refused("no_right")),
    (50001, Refused("no_right")),
    (48004, Refused("48004")),
    (40032, Refused("40032")),
    (-1, Deferred(NOW + timedelta(seconds=5), "busy")),
    (45011, Deferred(NOW + timedelta(minutes=1), "minute_quota", whole_account=True)),
    (45009, Deferred(MIDNIGHT, "day_quota", whole_account=True)),
]


@pytest.mark.parametrize(("code", "result"), CODES)
async def test_codes_about_the_call(stage: Stage, wechat: WeChat, code: int, result: DeliveryResult) -> None:
    tag, openids = wechat.make_tag("新客"), fans(wechat, 4)
    for path, outgoing in (
        (GIVE, TagChange(TO, openids, add=(str(tag),))),
        (TAKE, TagChange(TO, openids, drop=(str(tag),))),
        ("tags/create", CREATE),
        ("tags/update", TagEdit(TO, "change", remote=str(tag), name="常客")),
    ):
        stage.sandbox.fail("wechat", path, body={"errcode": code, "errmsg": "no"})
        assert await deliver(stage, outgoing) == result
        assert len(stage.calls(path)) == 1


@pytest.mark.parametrize("path", [GIVE, "tags/create", "tags/update", "tags/delete"])
@pytest.mark.parametrize(
    "how",
    [{"hang_up": True}, {"hang_up": True, "after_effect": True}, {"status": 502, "body": "<html>"}, {"body": []}],
)
async def test_a_lost_answer_is_asked_for_again(stage: Stage, wechat: WeChat, path: str, how: dict[str, Any]) -> None:
    tag, openids = wechat.make_tag("老客"), fans(wechat, 2)
    outgoing: TagEdit | TagChange = {
        GIVE: TagChange(TO, openids, add=(str(tag),)),
        "tags/create": TagEdit(TO, "create", tags=(NewTag(1, "新客"),)),
        "tags/update": TagEdit(TO, "change", remote=str(tag), name="常客"),
        "tags/delete": TagEdit(TO, "delete", remotes=(str(tag),)),
    }[path]
    assert stage.channel.repeatable(outgoing)
    stage.sandbox.fail("wechat", path, **how)
    assert await deliver(stage, outgoing) == Deferred(NOW + timedelta(seconds=5), "unreachable")
    assert isinstance(await deliver(stage, outgoing), Delivered)


async def test_a_new_tag_without_an_id_is_no_answer(stage: Stage) -> None:
    for body in ({}, {"tag": {}}, {"tag": []}):
        stage.sandbox.fail("wechat", "tags/create", body=body)
        assert await deliver(stage, CREATE) == Deferred(NOW + timedelta(seconds=5), "unreachable")


async def test_an_empty_quota_in_the_middle_leaves_the_rest_for_tomorrow(stage: Stage, wechat: WeChat) -> None:
    wechat.quotas["tags/create"] = 2
    assert await deliver(stage, CREATE) == Deferred(MIDNIGHT, "day_quota", whole_account=True)
    stage.clock.now = MIDNIGHT
    assert await deliver(stage, CREATE) == Delivered(found=((1, "100"), (2, "101"), (3, "102")))
