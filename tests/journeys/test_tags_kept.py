"""What does not prove that somebody has taken a tag away takes none: odd answers, and people who come and go unseen."""

import pytest

from models.customers import Identity
from models.sync import Mark
from tests.journeys.conftest import Build
from tests.journeys.tag_town import FAN, LISTING, LIU, WANG, TagTown


@pytest.fixture
async def tags(build: Build) -> TagTown:
    """C1 carries 意向/高 on both platforms."""
    made = await TagTown.begun(build)
    await made.liu_comes()
    await made.says("建标签 意向/高 意向/低")
    await made.says("打标 C1 +高")
    return made


async def closed(tags: TagTown) -> None:
    """For hours nobody hears what the platforms tell."""
    await tags.town.close()
    tags.town.clock.forward(hours=1)
    tags.town.sandbox.stage.postman.tries = 1


async def opened(tags: TagTown) -> None:
    await tags.town.open()
    await tags.town.settled()


async def test_a_follower_who_left_while_we_were_down_keeps_the_tags_here_and_in_wecom(tags: TagTown) -> None:
    await closed(tags)
    await tags.town.wechat.unfollow(FAN)
    await opened(tags)
    assert (await tags.carries(), tags.on_relations()) == (["意向/高"], {WANG: ["意向/高"]})
    assert (await Identity.get(account="official")).state == "unfollowed"
    tags.town.clock.forward(seconds=1)
    await tags.town.wechat.follow(FAN)
    await tags.town.settled()
    assert tags.followed() == ["高"]
    await tags.in_step()


async def test_a_follower_who_lost_a_tag_while_we_were_down_has_lost_it_everywhere(tags: TagTown) -> None:
    await tags.says("打标 C1 +低")
    await closed(tags)
    tags.town.wechat.untag_fan(FAN, next(key for key, name in tags.town.wechat.tags.items() if name == "高"))
    before = len(tags.town.sandbox.calls)
    await opened(tags)
    assert (await tags.carries(), tags.on_relations()) == (["意向/低"], {WANG: ["意向/低"]})
    assert len(tags.asked("user/info/batchget", before)) == 1
    await tags.in_step()


async def test_followers_who_cannot_be_asked_lose_nothing_until_they_can(tags: TagTown) -> None:
    tags.town.wechat.untag_fan(FAN, next(key for key, name in tags.town.wechat.tags.items() if name == "高"))
    tags.town.sandbox.fail("wechat", "user/info/batchget", body={"errcode": -1, "errmsg": "system error"})
    assert "平台忙" in await tags.compared()
    assert await tags.carries() == ["意向/高"]
    await tags.heard(minutes=1)
    assert await tags.carries() == []
    await tags.in_step()


async def test_a_relation_that_ended_and_began_while_we_were_down_gets_its_tags_again(tags: TagTown) -> None:
    await closed(tags)
    await tags.town.wecom.member_deletes_contact(WANG, LIU)
    tags.town.clock.forward(hours=1)
    await tags.town.wecom.add_contact(WANG, LIU, "刘洋")
    await opened(tags)
    assert (await tags.carries(), tags.on_relations(), tags.followed()) == (["意向/高"], {WANG: ["意向/高"]}, ["高"])
    await tags.in_step()


async def test_the_first_word_of_a_relation_that_began_anew_takes_no_tags(tags: TagTown) -> None:
    tags.town.clock.forward(hours=1)
    tags.town.wecom.contacts[LIU].follows.clear()
    tags.town.wecom.befriend(WANG, LIU, "刘洋")
    await tags.member_tags(add=["低"])
    await tags.town.settled()
    assert await tags.carries() == ["意向/低", "意向/高"]
    assert tags.on_relations() == {WANG: ["意向/低", "意向/高"]}
    await tags.in_step()


async def test_a_group_told_without_its_tags_is_no_whole_listing(tags: TagTown) -> None:
    before = await tags.ours()
    group = {"group_id": tags.group_id("意向"), "group_name": "意向", "order": 0, "tag": []}
    tags.town.sandbox.fail("wecom", LISTING, body={"errcode": 0, "errmsg": "ok", "tag_group": [group]})
    await tags.compared()
    assert (await tags.ours(), tags.theirs(), tags.followed()) == (before, before, ["高"])
    await tags.in_step()


async def test_a_contact_told_without_a_list_of_tags_has_lost_none(tags: TagTown) -> None:
    told = {"external_contact": {"external_userid": LIU, "name": "刘洋"}, "follow_user": [{"userid": WANG}]}
    tags.town.sandbox.fail("wecom", "externalcontact/get", body={"errcode": 0, "errmsg": "ok"} | told)
    await tags.member_tags()
    assert (await tags.carries(), tags.followed()) == (["意向/高"], ["高"])
    await tags.in_step()


async def test_a_managers_word_is_for_the_tags_that_were_missing_then(tags: TagTown) -> None:
    """Others that are gone by then are told of first."""
    admin, library = tags.town.wecom.admin, tags.town.wecom.tags
    made = await admin.create_tags("来源", *(f"渠道{n}" for n in range(20)))
    await tags.heard()
    for tag in made[:7]:
        await admin.delete(tag.id, told=False)
    assert "少了 7 个标签" in await tags.compared()
    group = library.group_named("来源")
    assert group
    group.tags |= {tag.id: tag for tag in made[:7]}
    for tag in made[10:17]:
        await admin.delete(tag.id, told=False)
    before = await tags.ours()
    told = await tags.boss_reads(tags.says("同步 放行 wecom"))
    assert "来源/渠道10、来源/渠道11、来源/渠道12 等" in told
    assert await tags.ours() == before
    await tags.says("同步 放行 wecom")
    assert len((await tags.ours())[0]) == len(before[0]) - 7
    assert await tags.ours() == tags.theirs()


async def test_a_merge_comes_to_a_follower_with_twenty_tags_as_soon_as_the_old_one_went(tags: TagTown) -> None:
    for number in range(19):
        tags.town.wechat.users[FAN].tag(tags.town.wechat.make_tag(f"老{number}"))
    await tags.compared()
    await tags.confirmed("并标签 高 低")
    assert "低" in tags.followed()
    assert await Mark.filter(state="failed").count() == 0
    await tags.in_step()
