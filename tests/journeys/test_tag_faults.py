"""Platforms fail in the middle of things: nothing nobody deleted is gone, nothing is there twice, and it goes on."""

from typing import Any

import pytest

from models.sync import Mark
from tests.journeys.conftest import Build
from tests.journeys.tag_town import ADD, EDIT, FAN, LISTING, LIU, MARK, RELATIONS, WANG, WRITES, TagTown

QUOTA = {"errcode": 45009, "errmsg": "api freq out of limit"}
FULL = {"errcode": 40126, "errmsg": "tags exceed limit"}


@pytest.fixture
async def tags(build: Build) -> TagTown:
    """C1 carries 意向/高 on both platforms."""
    made = await TagTown.begun(build)
    await made.liu_comes()
    await made.says("建标签 意向/高 意向/低")
    await made.says("打标 C1 +高")
    return made


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"body": {"errcode": -1, "errmsg": "system error"}}, "平台忙"),
        ({"body": QUOTA}, "额度"),
        ({"body": {"errcode": 48002, "errmsg": "api forbidden"}}, "没有权限"),
        ({"status": 500, "body": "<html>oops</html>"}, "连不上"),
        ({"hang_up": True}, "连不上"),
        ({"body": {"errcode": 0, "errmsg": "ok"}}, "连不上"),
    ],
    ids=["busy", "quota", "no-right", "http-500", "hung-up", "no-groups-in-the-answer"],
)
async def test_a_listing_that_fails_deletes_nothing_and_is_asked_for_again(
    tags: TagTown, how: dict[str, Any], why: str
) -> None:
    before = await tags.ours()
    tags.town.sandbox.fail("wecom", LISTING, **how)
    told = await tags.compared()
    assert "读不到" in told
    assert why in told
    assert await tags.ours() == before
    assert tags.theirs() == before
    await tags.heard(minutes=6)
    assert not (await tags.sync()).reason
    await tags.in_step()


async def test_an_empty_listing_proves_nothing(tags: TagTown) -> None:
    before, calls = await tags.ours(), len(tags.town.sandbox.calls)
    tags.town.sandbox.fail("wecom", LISTING, body={"errcode": 0, "errmsg": "ok", "tag_group": []})
    tags.town.sandbox.fail("wechat", "tags/get", times=2, body={"tags": []})
    await tags.compared()
    assert (await tags.ours(), tags.theirs()) == (before, before)
    assert (tags.followed(), tags.written(calls)) == (["高"], [])
    await tags.in_step()


async def test_a_made_group_whose_answer_is_lost_is_not_made_twice(tags: TagTown) -> None:
    tags.town.sandbox.fail("wecom", ADD, hang_up=True, after_effect=True)
    tags.town.sandbox.fail("wechat", "tags/create", hang_up=True, after_effect=True)
    await tags.says("建标签 来源/展会 来源/官网")
    assert len(tags.town.wecom.tags.groups) == 2
    await tags.heard(minutes=1)
    assert tags.theirs()[0] == ["意向/低", "意向/高", "来源/官网", "来源/展会"]
    assert tags.on_official() == ["低", "官网", "展会", "高"]
    await tags.says("打标 C1 +展会")
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/高", "来源/展会"]}, ["展会", "高"])
    await tags.in_step()


async def test_a_tag_on_a_customer_whose_answer_is_lost_is_given_again(tags: TagTown) -> None:
    tags.town.sandbox.fail("wecom", MARK, hang_up=True, after_effect=True)
    tags.town.sandbox.fail("wechat", "tags/members/batchtagging", status=502, body="bad gateway", after_effect=True)
    await tags.says("打标 C1 +低")
    assert "待发 1" in await tags.says("同步")
    await tags.heard(minutes=1)
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/低", "意向/高"]}, ["低", "高"])
    await tags.in_step()


@pytest.mark.parametrize("after_effect", [True, False], ids=["after-the-effect", "before-it"])
async def test_every_call_may_fail_once_and_both_sides_are_in_step_at_last(tags: TagTown, after_effect: bool) -> None:
    for path in WRITES:
        tags.town.sandbox.fail("wecom", path, hang_up=True, after_effect=after_effect)
        tags.town.sandbox.fail("wechat", path, hang_up=True, after_effect=after_effect)
    await tags.says("建标签 来源/展会 来源/官网")
    await tags.says("改标签 意向/高 名=很高 组=等级")
    await tags.says("打标 C1 +低 +展会")
    await tags.confirmed("并标签 低 展会")
    await tags.says("打标 C1 -很高")
    await tags.confirmed("删标签 来源/官网")
    for _ in WRITES:
        await tags.heard(minutes=2)
    assert tags.theirs() == (["来源/展会", "等级/很高"], {LIU: ["来源/展会"]})
    assert (tags.on_official(), tags.followed()) == (["展会", "很高"], ["展会"])
    await tags.in_step()


async def test_a_quota_in_the_middle_of_many_customers_leaves_off_and_goes_on(tags: TagTown) -> None:
    guests = await tags.guests_come(30)
    before = len(tags.town.sandbox.calls)
    tags.town.sandbox.fail("wecom", MARK, times=10)
    tags.town.sandbox.fail("wecom", MARK, times=5, body=QUOTA)
    await tags.says(f"打标 {' '.join(f'C{n}' for n in range(3, 33))} +高")
    assert "待发" in await tags.says("同步")
    asked = len(tags.asked(MARK, before))
    await tags.heard(seconds=30)
    assert len(tags.asked(MARK, before)) == asked
    for _ in range(5):
        await tags.heard(minutes=2)
    assert [tags.on_relations(guest)[WANG] for guest in guests] == [["意向/高"]] * 30
    assert len(tags.asked(MARK, before)) == 35
    await tags.in_step()


async def test_a_reading_goes_on_at_the_page_where_the_quota_ended(tags: TagTown) -> None:
    for number in range(210):
        tags.town.wecom.befriend(WANG, f"wmGuest{number:023}", f"客人{number}")
    before = len(tags.town.sandbox.calls)
    tags.town.sandbox.fail("wecom", RELATIONS, times=1)
    tags.town.sandbox.fail("wecom", RELATIONS, body=QUOTA)
    assert "读不到" in await tags.compared()
    assert len(tags.asked(RELATIONS, before)) == 2
    await tags.heard(minutes=2)
    cursors = [call.body["cursor"] for call in tags.asked(RELATIONS, before)]
    assert len(cursors) == 4
    assert cursors[1] == cursors[2]
    assert len(set(cursors)) == 3
    assert len(tags.asked(LISTING, before)) == 1
    await tags.in_step()


async def test_a_token_taken_back_costs_a_call_and_nothing_else(tags: TagTown) -> None:
    for platform in (tags.town.wecom, tags.town.wechat):
        platform.revoke_token()
    await tags.says("打标 C1 +低")
    for platform in (tags.town.wecom, tags.town.wechat):
        platform.revoke_token()
    await tags.in_step()
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/低", "意向/高"]}, ["低", "高"])


async def test_what_is_not_ours_is_shown_and_never_tried_again(tags: TagTown) -> None:
    await tags.town.wecom.admin.create_tags("来源", "展会", foreign=True)
    await tags.heard()
    before = len(tags.town.sandbox.calls)
    await tags.says("改标签 来源/展会 名=展览会")
    assert tags.theirs()[0] == ["意向/低", "意向/高", "来源/展会"]
    told = await tags.says("同步")
    assert "不是我们建的 1" in told
    await tags.compared()
    await tags.compared()
    assert len(tags.asked(EDIT, before)) == 1
    assert "不是我们建的" in await tags.says("标签 展览会")
    assert (await tags.ours())[0] == ["意向/低", "意向/高", "来源/展览会"]
    await tags.says("打标 C1 +展览会")
    assert tags.on_relations() == {WANG: ["意向/高", "来源/展会"]}


async def test_a_full_library_keeps_the_tag_here_until_there_is_room(tags: TagTown) -> None:
    tags.town.sandbox.fail("wecom", ADD, body=FULL)
    for number in range(98):
        tags.town.wechat.make_tag(f"老{number}")
    await tags.says("建标签 来源/展会")
    assert tags.theirs()[0] == ["意向/低", "意向/高"]
    assert tags.on_official()[-1] == "高"
    told = await tags.says("同步 失败")
    assert told.count("已经满了") == 2
    for number in range(98):
        tags.town.wechat.delete_tag(next(key for key, name in tags.town.wechat.tags.items() if name == f"老{number}"))
    await tags.compared()
    assert "来源/展会" in tags.theirs()[0]
    assert tags.on_official() == ["低", "展会", "高"]
    await tags.in_step()


async def test_a_follower_with_twenty_tags_gets_no_more_until_one_goes(tags: TagTown) -> None:
    for number in range(19):
        tags.town.wechat.users[FAN].tag(tags.town.wechat.make_tag(f"老{number}"))
    await tags.says("打标 C1 +低")
    assert "最多 20 个" in await tags.says("同步 失败")
    assert tags.on_relations() == {WANG: ["意向/低", "意向/高"]}
    assert len(tags.followed()) == 20
    await tags.compared()
    assert len(await tags.carries()) == 21
    before = len(tags.town.sandbox.calls)
    await tags.says("打标 C1 -高")
    assert "低" in tags.followed()
    assert len(tags.written(before, "tags/members/batchtagging", "tags/members/batchuntagging")) == 2
    await tags.in_step()


async def test_a_customer_whom_nobody_has_in_wecom_gets_the_tag_on_coming_back(tags: TagTown) -> None:
    await tags.town.wecom.contact_deletes_member(WANG, LIU)
    await tags.town.settled()
    before = len(tags.town.sandbox.calls)
    await tags.says("打标 C1 +低")
    assert tags.asked(MARK, before) == []
    assert "没有同事加着" in await tags.says("同步 失败")
    assert tags.followed() == ["低", "高"]
    await tags.town.wecom.add_contact(WANG, LIU, "刘洋")
    await tags.town.settled()
    assert tags.on_relations() == {WANG: ["意向/低", "意向/高"]}
    await tags.in_step()


async def test_a_follower_who_left_gets_the_tags_on_coming_back(tags: TagTown) -> None:
    tags.town.clock.forward(seconds=1)  # who follows twice in one second has followed once
    await tags.town.wechat.unfollow(FAN)
    await tags.town.settled()
    await tags.says("打标 C1 +低")
    assert await tags.carries() == ["意向/低", "意向/高"]
    await tags.compared()
    assert await tags.carries() == ["意向/低", "意向/高"]
    await tags.town.wechat.follow(FAN)
    await tags.town.settled()
    assert tags.followed() == ["低", "高"]
    assert await Mark.filter(state="failed").count() == 0
    await tags.in_step()
