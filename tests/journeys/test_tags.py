"""A tag's whole way: made, given, renamed, moved, merged, deleted, here and there; then both sides are the same."""

from tests.journeys.conftest import Build
from tests.journeys.tag_town import LI, LIU, MARK, WANG, TagTown


async def test_what_is_done_here_is_done_there(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高 意向/低")
    assert tags.theirs()[0] == ["意向/低", "意向/高"]
    assert tags.on_official() == ["低", "高"]
    await tags.in_step()
    await tags.says("打标 C1 +高")
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/高"]}, ["高"])
    assert len(tags.written(0, MARK, "tags/members/batchtagging")) == 2
    await tags.in_step()
    first = tags.tag("高").id
    await tags.says("改标签 意向/高 名=很高 说明=下周买")
    assert (tags.tag("很高").id, tags.on_relations(), tags.followed()) == (first, {WANG: ["意向/很高"]}, ["很高"])
    await tags.says("改标签 意向/ 名=购买意向")
    assert tags.on_relations() == {WANG: ["购买意向/很高"]}
    await tags.in_step()


async def test_a_tag_that_is_moved_stays_on_its_customers(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高 意向/低")
    await tags.says("打标 C1 +高")
    first = tags.tag("高").id
    await tags.says("改标签 意向/高 组=客户等级")
    assert tags.theirs() == (["客户等级/高", "意向/低"], {LIU: ["客户等级/高"]})
    assert tags.tag("高").id != first
    assert tags.followed() == ["高"]
    await tags.in_step()
    await tags.says("改标签 意向/低 组=客户等级")
    assert tags.theirs()[0] == ["客户等级/低", "客户等级/高"]
    assert list(tags.town.wecom.tags.groups) == [tags.group_id("客户等级")]
    await tags.in_step()


async def test_two_tags_become_one_everywhere(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    guests = await tags.guests_come(2)
    await tags.says("建标签 意向/高 意向/很高")
    await tags.says("打标 C1 +高")
    await tags.says("打标 C3 +高 +很高")
    await tags.says("打标 C4 +很高")
    await tags.confirmed("并标签 高 很高")
    assert tags.theirs() == (["意向/很高"], {key: ["意向/很高"] for key in (LIU, *guests)})
    assert (tags.on_official(), tags.followed()) == (["很高"], ["很高"])
    await tags.in_step()


async def test_a_deleted_tag_is_gone_everywhere_and_its_group_with_the_last(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高 意向/低")
    await tags.says("打标 C1 +高 +低")
    await tags.confirmed("删标签 意向/高")
    assert tags.theirs() == (["意向/低"], {LIU: ["意向/低"]})
    assert tags.followed() == ["低"]
    await tags.in_step()
    await tags.confirmed("删标签 意向/")
    assert tags.theirs() == ([], {})
    assert (tags.town.wecom.tags.groups, tags.on_official()) == ({}, [])
    await tags.in_step()
    await tags.says("建标签 意向/高")
    assert tags.theirs() == (["意向/高"], {})
    await tags.in_step()


async def test_taking_it_back_takes_it_back_there(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高 意向/低")
    await tags.says("打标 C1 +低")
    await tags.says("打标 C1 +高 -低")
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/高"]}, ["高"])
    await tags.says("撤销")
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/低"]}, ["低"])
    await tags.in_step()
    await tags.says("撤销")
    assert (tags.on_relations(), tags.followed()) == ({WANG: ["意向/高"]}, ["高"])
    await tags.in_step()


async def test_what_is_done_in_the_console_is_done_here_and_on_the_other_account(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高 意向/低")
    await tags.says("打标 C1 +高")
    await tags.says("人群 存 有意向 = #意向/")
    await tags.town.wecom.admin.rename(tags.tag("高").id, "很高")
    await tags.town.wecom.admin.rename(tags.group_id("意向"), "购买意向")
    await tags.heard()
    assert "1 位客户" in await tags.says("人群 有意向")
    assert await tags.ours() == (["购买意向/低", "购买意向/很高"], {LIU: ["购买意向/很高"]})
    assert (tags.on_official(), tags.followed()) == (["低", "很高"], ["很高"])
    await tags.in_step()
    await tags.town.wecom.admin.delete(tags.tag("很高").id)
    await tags.heard()
    assert await tags.ours() == (["购买意向/低"], {})
    assert (tags.on_official(), tags.followed()) == (["低"], [])
    await tags.in_step()
    await tags.town.wecom.admin.create_tags("来源", "展会")
    await tags.town.wecom.admin.delete(tags.group_id("购买意向"))
    await tags.heard()
    assert (await tags.ours(), tags.on_official()) == ((["来源/展会"], {}), [])


async def test_a_member_who_tags_in_wecom_tags_here_and_for_the_official_account(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高")
    await tags.member_tags(add=["高"])
    assert (await tags.carries(), tags.followed()) == (["意向/高"], ["高"])
    assert tags.written(0, MARK) == []
    await tags.in_step()
    await tags.member_tags(drop=["高"])
    assert (await tags.carries(), tags.followed()) == ([], [])
    await tags.in_step()


async def test_a_tag_made_and_given_in_wecom_is_here_and_goes_to_the_follower(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.town.wecom.admin.create_tags("来源", "展会", told=False)
    await tags.member_tags(add=["展会"])
    await tags.heard()
    await tags.heard(seconds=11)
    assert (await tags.ours(), tags.followed()) == ((["来源/展会"], {LIU: ["来源/展会"]}), ["展会"])
    await tags.in_step()


async def test_the_tag_is_on_the_relation_of_whoever_gave_it(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.town.wecom.add_contact(LI, LIU, "刘洋")
    await tags.says("建标签 意向/高 意向/低")
    await tags.says("转交 C1 给 王芳")
    await tags.says("打标 C1 +高")
    assert tags.on_relations() == {WANG: ["意向/高"], LI: []}
    await tags.member_tags(add=["高", "低"], member=LI)
    await tags.in_step()
    await tags.says("打标 C1 -高")
    assert tags.on_relations() == {WANG: [], LI: ["意向/低"]}
    await tags.in_step()
