"""Both sides change what they like, whenever they like: who wins is configured, and nothing goes without proof."""

import re

import pytest

from models.changes import Change
from models.sync import Binding
from models.tags import Tag
from models.tasks import Task
from tests.journeys.conftest import Build
from tests.journeys.tag_town import EDIT, LI, LISTING, LIU, MARK, WANG, TagTown


async def tagged(build: Build, policy: str = "platform") -> TagTown:
    """C1 carries 意向/高 on both platforms."""
    made = await TagTown.begun(build, tags={"policy": {"wecom": policy, "official": policy}})
    await made.liu_comes()
    await made.says("建标签 意向/高 意向/低")
    await made.says("打标 C1 +高")
    return made


async def test_what_happened_while_we_were_down_is_known_after_the_start(build: Build) -> None:
    tags = await tagged(build)
    wecom = tags.town.wecom
    await tags.town.close()
    await wecom.admin.rename(tags.tag("高").id, "很高", told=False)
    (fair,) = await wecom.admin.create_tags("来源", "展会", told=False)
    wecom.befriend(LI, "wmNewcomer", "新客")
    await wecom.member_tags(LI, "wmNewcomer", add=[fair.id], told=False)
    await wecom.member_tags(WANG, LIU, add=[tags.tag("低").id], drop=[tags.tag("很高").id], told=False)
    await tags.town.open()
    await tags.town.settled()
    paths, carried = await tags.ours()
    assert paths == ["意向/低", "意向/很高", "来源/展会"]
    assert carried == {LIU: ["意向/低"], "wmNewcomer": ["来源/展会"]}
    assert (tags.on_official(), tags.followed()) == (["低", "很高"], ["低"])
    assert tags.written(0, EDIT) == []


async def test_what_was_said_here_while_wecom_was_away_arrives_with_what_was_done_there(build: Build) -> None:
    tags = await tagged(build)
    tags.town.wecom.block(600)
    await tags.says("改标签 意向/低 名=很低")
    await tags.says("打标 C1 +很低")
    await tags.town.wecom.admin.rename(tags.tag("高").id, "很高", told=False)
    await tags.heard(minutes=11)
    await tags.heard(minutes=2)
    await tags.compared()
    assert tags.theirs() == (["意向/很低", "意向/很高"], {LIU: ["意向/很低", "意向/很高"]})
    await tags.in_step()


async def test_many_deletions_at_once_wait_for_a_managers_word(build: Build) -> None:
    tags = await tagged(build)
    made = await tags.town.wecom.admin.create_tags("来源", *(f"渠道{n}" for n in range(10)))
    await tags.heard()
    await tags.town.wecom.member_tags(WANG, LIU, add=[made[0].id])
    await tags.town.settled()
    before = await tags.ours()
    for tag in made[:7]:
        await tags.town.wecom.admin.delete(tag.id)
    told = await tags.boss_reads(tags.heard())
    assert "少了 7 个标签" in told
    assert "同步 放行 wecom" in told
    assert await tags.ours() == before
    assert "先没动" in await tags.says("同步")
    told = await tags.compared()
    assert "先没动" in told
    assert "会删 7 个标签" in await tags.says("同步 预演 企微")
    assert (await tags.ours(), tags.followed()) == (before, ["渠道0", "高"])
    assert "已由 管理员 放行" in await tags.says("同步 放行 wecom")
    assert (await tags.ours())[0] == ["意向/低", "意向/高", "来源/渠道7", "来源/渠道8", "来源/渠道9"]
    assert (await tags.carries(), tags.followed()) == (["意向/高"], ["高"])


async def test_a_few_deletions_are_taken_over_and_on_the_trail(build: Build) -> None:
    tags = await tagged(build)
    await tags.town.wecom.admin.delete(tags.tag("高").id)
    await tags.heard()
    assert await tags.ours() == (["意向/低"], {})
    taken = await Change.filter(field="tag", customer_id=1).order_by("-id").first()
    assert taken
    assert (taken.new, taken.staff_id) == ("", None)
    await tags.in_step()


async def test_where_wecom_wins_its_name_stays_and_ours_gives_way(build: Build) -> None:
    tags = await tagged(build)
    await _changed_on_both_sides(tags)
    assert await tags.ours() == (["意向/低", "意向/那边"], {LIU: ["意向/那边"]})
    assert (tags.on_official(), tags.followed()) == (["低", "那边"], ["那边"])
    await tags.in_step()


async def test_where_we_win_our_name_stays_and_theirs_gives_way(build: Build) -> None:
    tags = await tagged(build, "ours")
    await _changed_on_both_sides(tags)
    assert tags.theirs() == (["意向/低", "意向/这边"], {LIU: ["意向/这边"]})
    assert (tags.on_official(), tags.followed()) == (["低", "这边"], ["这边"])
    await tags.in_step()


async def test_where_we_win_what_is_deleted_there_is_made_anew_and_given_back(build: Build) -> None:
    tags = await tagged(build, "ours")
    first = tags.tag("高").id
    await tags.town.wecom.admin.delete(first)
    await tags.heard()
    assert tags.tag("高").id != first
    assert tags.theirs() == (["意向/低", "意向/高"], {LIU: ["意向/高"]})
    await tags.in_step()


@pytest.mark.parametrize("side", ["这边", "那边"])
async def test_where_people_choose_both_values_are_shown_until_they_do(build: Build, side: str) -> None:
    tags = await tagged(build, "ask")
    told = await tags.boss_reads(_changed_on_both_sides(tags))
    assert all(word in told for word in ("意向/这边", "「这边」", "「那边」", "两边改得不一样"))
    await tags.compared()
    assert (tags.theirs()[0], (await tags.ours())[0]) == (["意向/低", "意向/那边"], ["意向/低", "意向/这边"])
    assert "冲突 1" in await tags.says("同步")
    assert await Task.filter(state="open", text__startswith="标签冲突").count() == 1
    number = (await Binding.get(theirs__not_isnull=True)).id
    await tags.says(f"同步 取 {number} {side}")
    assert (tags.theirs()[0], (await tags.ours())[0]) == (["意向/低", f"意向/{side}"],) * 2
    assert tags.on_official() == ["低", side]
    assert await Task.filter(state="open", text__startswith="标签冲突").count() == 0
    assert "企业微信：已同步" in await tags.says(f"标签 {side}")
    assert not {"失败", "冲突", "待发"} & set(re.findall("失败|冲突|待发", await tags.says("同步")))
    await tags.in_step()


async def _changed_on_both_sides(tags: TagTown) -> None:
    """Ours could not go out, so the two renames meet."""
    tags.town.sandbox.fail("wecom", EDIT, body={"errcode": 45009, "errmsg": "api freq out of limit"})
    await tags.town.wecom.admin.rename(tags.tag("高").id, "那边", told=False)
    tags.town.sandbox.fail("wecom", EDIT, body={"errcode": 40058, "errmsg": "invalid parameter"})
    await tags.says("改标签 意向/高 名=这边")
    await tags.heard(minutes=2)
    await tags.compared()


async def test_two_tags_of_one_name_in_two_groups_stay_two(build: Build) -> None:
    tags = await TagTown.begun(build)
    await tags.liu_comes()
    await tags.says("建标签 意向/高")
    first = tags.tag("高").id
    await tags.says("建标签 预算/高")
    assert tags.theirs()[0] == ["意向/高", "预算/高"]
    assert tags.on_official() == ["高"]
    told = await tags.says("打标 C1 +高")
    assert "意向/高" in told
    assert "预算/高" in told
    await tags.says("打标 C1 +预算/高")
    assert tags.theirs()[1] == {LIU: ["预算/高"]}
    await tags.compared()
    assert await tags.ours() == tags.theirs()
    assert "已有别的标签叫这个名字" in await tags.says("同步 失败")
    await tags.town.wecom.admin.rename(first, "很高")
    await tags.heard()
    await tags.compared()
    assert await tags.ours() == (["意向/很高", "预算/高"], {LIU: ["预算/高"]})
    assert (tags.on_official(), tags.followed()) == (["很高", "高"], ["高"])
    await tags.in_step()


async def test_callbacks_that_come_twice_late_and_in_any_order_say_the_same(build: Build) -> None:
    tags = await tagged(build)
    wecom, admin = tags.town.wecom, tags.town.wecom.admin
    high, group = tags.tag("高").id, tags.group_id("意向")
    await admin.create_tags("来源", "展会", told=False)
    fair = tags.tag("展会").id
    await admin.rename(high, "很高", told=False)
    await admin.rename(group, "购买意向", told=False)
    before = len(tags.town.sandbox.calls)
    for change, kind, thing in (
        ("update", "tag", high),
        ("delete", "tag", tags.tag("低").id),
        ("create", "tag", fair),
        ("create", "tag_group", tags.group_id("来源")),
        ("update", "tag_group", group),
        ("update", "tag", "etNobodyKnows"),
    ):
        for _ in range(2):
            fields = {"Id": thing, "TagType": kind, "ChangeType": change}
            await wecom.system_event("change_external_tag", fields)
    await tags.heard()
    assert len(tags.asked(LISTING, before)) <= 2
    assert await tags.ours() == (["来源/展会", "购买意向/低", "购买意向/很高"], {LIU: ["购买意向/很高"]})
    assert {call.method_or_path for call in tags.written(before)} == {"tags/update"}
    await tags.compared()
    assert await tags.ours() == tags.theirs()


async def test_the_echo_of_our_own_tagging_changes_nothing(build: Build) -> None:
    tags = await tagged(build)
    before, trail = len(tags.town.sandbox.calls), await Change.all().count()
    for _ in range(3):
        await tags.member_tags()
    assert tags.written(before) == []
    assert await Change.all().count() == trail
    assert await Tag.all().count() == 2
    await tags.says("打标 C1 -高")
    await tags.member_tags()
    assert (await tags.carries(), tags.followed()) == ([], [])
    assert len(tags.written(before, MARK)) == 1
    await tags.in_step()


async def test_a_rehearsal_tells_every_change_and_makes_none(build: Build) -> None:
    tags = await tagged(build)
    await tags.town.wecom.admin.rename(tags.tag("低").id, "很低", told=False)
    await tags.town.wecom.admin.create_tags("来源", "展会", told=False)
    await tags.town.wecom.member_tags(WANG, LIU, add=[tags.tag("展会").id], drop=[tags.tag("高").id], told=False)
    before, calls = await tags.ours(), len(tags.town.sandbox.calls)
    told = await tags.says("同步 预演 企微")
    for words in (r"改名 .*低 → .*很低", r"新增 .*展会", r"C1.* ＋.*展会", r"C1.* －.*高"):
        assert re.search(words, told), told
    assert await tags.ours() == before
    assert tags.written(calls) == []
    await tags.compared()
    assert await tags.ours() == tags.theirs()
