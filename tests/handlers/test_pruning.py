"""Here lives the deleting of tags, and the making of one out of two: previewed, confirmed, approved, done once."""

from collections.abc import Awaitable, Callable

import pytest

from domain.outgoing import TagEdit
from domain.permissions import Role
from domain.plans import Stage
from handlers.context import House
from models.changes import Actor, Change
from models.customers import Customer
from models.identities import held
from models.inbox import InboxEvent
from models.plans import Plan
from models.staff import Staff
from models.sync import Binding
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.library import carrying, give, paths, settled, tag_called, with_tags
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of, commands_of, stage_of, told
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house, approval_over=3)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def people(meet: Meet, number: int) -> list[Customer]:
    return [await meet(f"客户{n}") for n in range(number)]


async def confirmed(phone: Phone) -> str:
    return await phone.say(f"确认 {code_of(phone)}")


async def test_a_tag_is_deleted_when_that_is_confirmed(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 意向/高 意向/低")
    await give("意向/高", *await people(meet, 2))
    preview = await boss.say("删标签 意向/高")
    assert preview.splitlines()[:2] == ["删掉标签 G1 意向/高", "2 位客户带着，会一起去掉；企业微信和公众号上也删"]
    assert len(preview.splitlines()) <= 8
    assert commands_of(boss) == [f"confirm {code_of(boss)}", "cancel G1"]
    assert await paths() == ["意向/高", "意向/低"]
    assert await confirmed(boss) == "删好了：G1 意向/高，2 位客户不再带着"
    assert await paths() == ["意向/低"]
    assert await Tagging.all().count() == 0
    lost = await Change.filter(tag_id=1, old="意向/高", new="")
    assert {change.staff_id for change in lost} == {(await Staff.get()).id}
    assert await boss.say("标签 G1") == "G1 意向/高 已经删掉了。"
    assert "已经执行过了" in await boss.say("取消 G1")


async def test_a_group_is_deleted_whole(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 意向/高 意向/低 等级/VIP")
    both, one = await people(meet, 2)
    await give("意向/高", both, one)
    await give("意向/低", both)
    assert (await boss.say("删标签 意向/")).splitlines()[:2] == [
        "删掉整组「意向」的 2 个标签（高、低），编号 G1",
        "2 位客户带着，会一起去掉；企业微信和公众号上也删",
    ]
    assert await confirmed(boss) == "删好了：整组「意向」，2 个标签（高、低），2 位客户不再带着"
    assert [group.name for group in await TagGroup.living()] == ["等级"]


async def test_a_group_that_grew_meanwhile_is_previewed_again(boss: Phone) -> None:
    await boss.say("建标签 意向/高")
    await boss.say("删标签 意向/")
    code = code_of(boss)
    await boss.say("建标签 意向/低")
    assert "2 个标签（高、低）" in await boss.say(f"确认 {code}")
    assert await paths() == ["意向/高", "意向/低"]
    await confirmed(boss)
    assert await paths() == []


async def test_many_customers_take_another_manager(boss: Phone, hire: Hire, meet: Meet) -> None:
    other = await hire("陈静", Role.MANAGER)
    await boss.say("建标签 意向/高")
    await give("意向/高", *await people(meet, 4))
    assert "超过 3 位客户，要另一位经理批准" in await boss.say("删标签 高")
    assert "删掉标签 G1 意向/高" in told(boss, other)
    await confirmed(boss)
    assert await stage_of(boss, "G1") is Stage.AWAITING_APPROVAL
    assert await paths() == ["意向/高"]
    await other.say("批准 G1")
    assert "删好了：G1 意向/高，4 位客户不再带着" in told(other, boss)
    assert await paths() == []


async def test_without_another_manager_it_is_refused(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 意向/高")
    await give("意向/高", *await people(meet, 4))
    await boss.say("删标签 高")
    assert await Plan.called("G1") is None


async def test_who_became_too_many_meanwhile_take_a_manager(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 意向/高")
    first, *others = await people(meet, 4)
    await give("意向/高", first)
    await boss.say("删标签 高")
    code = code_of(boss)
    await give("意向/高", *others)
    assert "现在有 4 位客户带着，要另一位经理批准" in await boss.say(f"确认 {code}")
    assert len(await carrying("意向/高")) == 4


@pytest.mark.parametrize(("more", "again"), [(5, False), (6, True)])
async def test_only_many_more_customers_are_another_plan(
    hire: Hire, meet: Meet, house: House, more: int, again: bool
) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    boss.house = with_tags(house, approval_over=100)
    await boss.say("建标签 意向/高")
    first, *others = await people(meet, more + 1)
    await give("意向/高", first)
    await boss.say("删标签 高")
    code = code_of(boss)
    await give("意向/高", *others)
    assert ("7 位客户带着" in await boss.say(f"确认 {code}")) is again
    assert (await paths() == ["意向/高"]) is again


async def test_what_is_gone_already_is_not_deleted_twice(boss: Phone, hire: Hire) -> None:
    other = await hire("陈静", Role.MANAGER)
    await boss.say("建标签 意向/高 意向/低")
    await boss.say("删标签 高")
    await other.say("并标签 低 高")
    await confirmed(boss)
    assert "G1 意向/高 已经删掉了" in await confirmed(other)
    assert await paths() == ["意向/低"]


async def test_two_tags_become_one_with_their_customers(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 意向/高 意向/很高")
    both, by_rule, third = await people(meet, 3)
    await give("意向/高", both)
    await give("意向/高", by_rule, source="rule")
    await give("意向/很高", both, third)
    assert (await boss.say("并标签 意向/高 意向/很高")).splitlines()[:2] == [
        "G1 意向/高（2 位客户）并入 G2 意向/很高（2 位）",
        "其中 1 位两个都有；并完 意向/很高 有 3 位，意向/高 就没有了",
    ]
    assert await confirmed(boss) == "并好了：G1 意向/高 的 2 位客户改用 G2 意向/很高，现在一共 3 位"
    assert await carrying("意向/很高") == [both.id, by_rule.id, third.id]
    assert (await Tagging.get(customer_id=by_rule.id)).source == "rule"
    assert (await Tag.get(id=1)).merged_into_id == 2
    assert await boss.say("标签 G1") == "G1 意向/高 已经并入 G2。"
    assert await boss.say("并标签 很高 G2") == "G2 意向/很高 就是它自己，不用并。"


async def test_a_place_on_a_platform_that_only_the_first_has_becomes_the_seconds(boss: Phone) -> None:
    await boss.say("建标签 意向/高 渠道=企微")
    await boss.say("建标签 意向/很高 渠道=公众号")
    await settled()
    await boss.say("并标签 高 很高")
    await confirmed(boss)
    place = await Binding.get(account="wecom", level="tag")
    assert (place.tag_id, place.retired, place.remote_id) == (2, False, "tag1")
    assert [edit.name for edit in edits_of(boss)] == ["很高"]
    assert (await tag_called("意向/很高")).scope == ["official", "wecom"]


async def test_where_both_have_a_place_the_first_goes_at_last(boss: Phone) -> None:
    await boss.say("建标签 意向/高 意向/很高 渠道=企微")
    await settled()
    await boss.say("并标签 意向/高 很高")
    await confirmed(boss)
    gone, kept = await Binding.get(remote_id="tag1"), await Binding.get(remote_id="tag2")
    assert (kept.tag_id, kept.retired) == (2, False)
    assert (gone.retired, gone.heir_id) == (True, 2)
    assert [(edit.edit, edit.remotes) for edit in edits_of(boss)] == [("delete", ("tag1",))]


async def test_what_is_deleted_here_is_deleted_there(boss: Phone) -> None:
    await boss.say("建标签 意向/高")
    await settled()
    await boss.say("删标签 高")
    await confirmed(boss)
    assert [(edit.to.account, edit.remotes) for edit in edits_of(boss)] == [
        ("official", ("tag1",)),
        ("wecom", ("tag1",)),
    ]


def edits_of(phone: Phone) -> list[TagEdit]:
    """What the platforms are told by what was just done."""
    return [out for out in phone.sent if isinstance(out, TagEdit)]


async def test_of_several_names_each_is_chosen(boss: Phone) -> None:
    await boss.say("建标签 意向/高 质量/高 意向/低 质量/低")
    assert "1. G1 意向/高" in await boss.say("并标签 高 低")
    assert "1. G3 意向/低" in await boss.say("2")
    assert "G2 质量/高（0 位客户）并入 G4 质量/低" in await boss.say("2")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("删标签", "后面还差内容"),
        ("删标签 高 低", "写法：删标签"),
        ("并标签 高", "后面还差内容"),
        ("并标签 高 意向/", "「意向/」是一组"),
        ("并标签 高 意向", "「意向」是一组"),
        ("删标签 没有/", "没有叫「没有/」的标签"),
        ("删标签 C1", "没有叫「C1」的标签"),
        ("批准 G1", "没有"),
    ],
)
async def test_mistakes_teach(boss: Phone, typed: str, told: str) -> None:
    await boss.say("建标签 意向/高 意向/低")
    assert told in await boss.say(typed)
    assert await Plan.all().count() == 0


async def test_in_english(hire: Hire, meet: Meet) -> None:
    emma = await hire("Emma", Role.MANAGER, "en")
    await emma.say("newtag intent/high intent/hot level/vip")
    await give("intent/high", await meet("Mia"))
    preview = await emma.say("mergetags high hot")
    assert preview.startswith("G1 intent/high (1 customer) goes into G2 intent/hot (0)\n0 carry both; then intent/hot")
    assert await confirmed(emma) == "Done: the 1 customer of G1 intent/high carries G2 intent/hot now, 1 in all"
    assert "Delete the one tag of the group level (vip), as G3" in await emma.say("deltag level/")
    assert await confirmed(emma) == "Deleted: the group level, 1 tag (vip); 0 customers carried it"


async def test_whom_a_tag_is_given_to_while_it_is_deleted_does_not_carry_it(
    boss: Phone, meet: Meet, clock: Clock
) -> None:
    await boss.say("建标签 意向/高")
    old, new = await people(meet, 2)
    await give("意向/高", old)
    await boss.say("删标签 高")
    code = code_of(boss)
    tag = await tag_called("意向/高")

    async def given() -> list[tuple[int, int]]:
        return await Tagging.give([(new.id, tag)], "staff", Actor(None, "test", clock()))

    _, late = await overlapping(lambda: boss.say(f"确认 {code}"), given)
    assert late == []
    assert await Tagging.all().count() == 0


async def test_whom_a_tag_is_given_to_just_before_it_ends_loses_it_next(boss: Phone, meet: Meet, clock: Clock) -> None:
    await boss.say("建标签 意向/高")
    old, new = await people(meet, 2)
    await give("意向/高", old)
    await boss.say("删标签 高")
    code = code_of(boss)
    tag = await tag_called("意向/高")

    async def given() -> list[tuple[int, int]]:
        await held([new.id])
        return await Tagging.give([(new.id, tag)], "staff", Actor(None, "test", clock()))

    await overlapping(given, lambda: boss.say(f"确认 {code}"))
    for row in await InboxEvent.filter(key__startswith="gone:"):
        await boss.meet(row.own())
    assert await Tagging.all().count() == 0
    lost = await Change.filter(tag_id=tag.id, new="")
    assert {change.customer_id for change in lost} == {old.id, new.id}
