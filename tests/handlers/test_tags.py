"""Here lives what staff see of the tag library, add to it, and change of it."""

from collections.abc import Awaitable, Callable

import pytest

from domain.outgoing import TagEdit
from domain.permissions import Role
from handlers.context import House
from models.audit import AuditEntry
from models.bearers import MANY
from models.customers import Customer
from models.database import insert_many
from models.sync import Binding
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.library import answers, give, paths, settled, tag_called, with_tags
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def test_tags_are_made_in_their_groups(boss: Phone) -> None:
    assert (await boss.say("建标签 意向/高 意向／中、质量/高 VIP")).startswith(
        "建好了：G1 意向/高、G2 意向/中、G3 质量/高、G4 未分组/VIP"
    )
    assert [group.name for group in await TagGroup.living()] == ["意向", "质量", "未分组"]
    assert {tag.source for tag in await Tag.all()} == {"staff"}
    entry = await AuditEntry.all().order_by("-number").first()
    assert entry
    assert {"G1", "G4"} <= set(entry.subjects.split())


async def test_what_is_there_is_said_and_not_made_again(boss: Phone) -> None:
    await boss.say("建标签 意向/高 等级/VIP")
    assert await boss.say("建标签 意向/高") == "已经有了：G1 意向/高"
    assert "另外，已经有了：G1 意向/高、G2 等级/VIP" in await boss.say(
        "建标签 意向/低 意向 / 高 vip".replace(" / ", "/")
    )
    assert await paths() == ["意向/高", "意向/低", "等级/VIP"]


async def test_a_tag_has_a_description_and_channels(boss: Phone) -> None:
    await boss.say("建标签 意向/高 说明=一个月内 会买 渠道=企微")
    tag = await tag_called("意向/高")
    assert (tag.description, tag.scope) == ("一个月内 会买", ["wecom"])
    answer = await boss.say("标签 高")
    assert answer.splitlines()[:3] == ["G1 意向/高 · 0 位客户", "说明：一个月内 会买", "渠道：企业微信"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("建标签 a/b/c", "不能当标签或组的名字"),
        ("建标签 /高", "不能当标签或组的名字"),
        (f"建标签 {'长' * 31}", "最多 30 个字"),
        ("建标签 高 渠道=抖音", "没有叫「抖音」的渠道。能用的：公众号、企业微信"),
        ("建标签 高 渠道=电报", "「电报」上没有标签"),
        ("建标签 高 名=低", "我没看懂"),
        ("建标签 高 颜色=红", "我没看懂"),
        (f"建标签 高 说明={'长' * 201}", "最多 200 个字"),
        ("标签 高", "没有叫「高」的标签。发 标签 看有哪些；要新建：建标签 高"),
        ("标签", "这里还没有标签"),
        ("标签 导出", "这里还没有标签"),
        ("标签 G9", "没有 G9"),
        ("建标签 G12", "「G12」跟编号一样，会弄混，不能当标签名。加个字就行，例如 G12型。"),
        ("建标签 其他/c3", "「c3」跟编号一样"),
        ("改标签 高 名=低", "没有叫「高」的标签"),
        ("改标签", "后面还差内容"),
    ],
)
async def test_mistakes_teach(boss: Phone, typed: str, told: str) -> None:
    assert told in await boss.say(typed)
    assert await Tag.all().count() == 0


async def test_what_is_missing_is_asked_for(boss: Phone) -> None:
    assert "要建什么标签" in await boss.say("建标签")
    assert "G1 意向/高" in await boss.say("意向/高")
    assert "改什么" in await boss.say("改标签 高")
    assert "G1 意向/高 改成了 意向/很高" in await boss.say("名=很高")
    assert "改成什么名字" in await boss.say("改标签 意向/")
    assert "改成了「购买意向」" in await boss.say("名=购买意向")
    assert await paths() == ["购买意向/很高"]


async def test_the_library_is_shown_with_its_carriers_by_pages(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 " + " ".join(f"组{n // 3}/标签{n}" for n in range(30)))
    await give("组0/标签1", await meet("张三"), await meet("李四"))
    first = await boss.say("标签")
    assert first.splitlines()[1] == "组0：标签0 0、标签1 2、标签2 0"
    assert len(first.splitlines()) == 8
    assert first.endswith("发 更多")
    second = await boss.say("更多")
    assert second.splitlines()[1].startswith("组6：")
    assert second.endswith("看一个或一组：标签 名字")
    assert await boss.say("标签 page=99") == second


async def test_a_line_of_the_list_fits_a_phone(boss: Phone) -> None:
    await boss.say("建标签 " + " ".join(f"组/{'很长的名字' * 3}{n}" for n in range(10)))
    assert all(line.startswith("组：") and len(line) < 60 for line in (await boss.say("标签")).splitlines()[1:-1])


async def test_a_group_is_listed(boss: Phone, meet: Meet) -> None:
    await boss.say("建标签 意向/高 意向/低 说明=再等等")
    await give("意向/高", await meet("张三"))
    listed = "「意向」有 2 个标签：\nG1 高 · 1 位客户 · 再等等\nG2 低 · 0 位客户 · 再等等"
    assert await boss.say("标签 意向") == listed
    assert await boss.say("标签 意向/") == listed
    await boss.say("建标签 " + " ".join(f"意向/{n}" for n in range(7)))
    first = await boss.say("标签 意向/")
    assert len(first.splitlines()) == 8
    assert "G9 6" in await boss.say("更多")


async def test_very_many_carriers_are_not_counted_one_by_one(boss: Phone, clock: Clock) -> None:
    await boss.say("建标签 意向/高 意向/低 质量/高")
    rows = await insert_many(Customer, ("created_at", "seen_at"), [(clock(), clock())] * (MANY + 2))
    taggings = [(row[0], tag, clock()) for tag, number in ((1, MANY + 2), (2, MANY)) for row in rows[:number]]
    await insert_many(Tagging, ("customer_id", "tag_id", "at"), taggings)
    assert "意向：高 1000+、低 1000\n质量：高 0" in await boss.say("标签")
    assert (await boss.say("标签 意向/")).splitlines()[1:] == ["G1 高 · 1000+ 位客户", "G2 低 · 1000 位客户"]
    assert "1. G1 意向/高 · 1000+ 位客户" in await boss.say("标签 高")
    assert "1002 位客户" in await boss.say("标签 意向/高")
    await Customer.filter(id=rows[0][0]).update(merged_into_id=rows[1][0])
    assert "低 999" in await boss.say("标签")


async def test_of_several_a_number_chooses(boss: Phone, hire: Hire) -> None:
    await boss.say("建标签 意向/高 质量/高 高/甲")
    offered = await boss.say("标签 高")
    assert offered.splitlines()[1:] == ["1. G1 意向/高 · 0 位客户", "2. G2 质量/高 · 0 位客户", "3. 整组 高/"]
    assert (await boss.say("2")).startswith("G2 质量/高")
    assert "「高」有 1 个标签" in await boss.say("3")
    await boss.say("改标签 高 名=很高 说明=“真的 很高”")
    assert "G1 意向/高 改成了 意向/很高\n说明：真的 很高" in await boss.say("1")
    lucy = await hire("Lucy", Role.VIEWER, "en")
    assert "G2 质量/高 · 0 customers" in await lucy.say("tags 高")


async def test_a_name_that_is_nearly_right_is_recognised(boss: Phone, hire: Hire) -> None:
    await boss.say("建标签 意向/很高")
    assert "是不是：意向/很高？；要新建：建标签 意象/很高" in await boss.say("标签 意象/很高")
    assert (await (await hire("小王")).say("标签 意象/很高")).endswith("是不是：意向/很高？")


async def test_a_group_may_have_been_meant(boss: Phone) -> None:
    await boss.say("建标签 intent/high 意向/高 甲/金意相 乙/高")
    assert "是不是：intent/？" in await boss.say("标签 intnet")
    assert "是不是：意向/？" in await boss.say("标签 意象/")
    assert "intent/" not in await boss.say("并标签 intnet 乙/高")
    await boss.say("lang en")
    assert await boss.say("tags intnet/") == 'There is no tag "intnet/". Did you mean intent/?'


async def test_everything_of_a_tag_may_change(boss: Phone) -> None:
    await boss.say("建标签 意向/高 意向/低")
    answer = await boss.say("改标签 意向/高 名=很高 组=客户等级 说明=会买 渠道=企微、公众号")
    assert answer.splitlines()[:3] == [
        "G1 意向/高 改成了 客户等级/很高",
        "说明：会买",
        "渠道：公众号、企业微信",
    ]
    tag = await tag_called("客户等级/很高")
    assert (tag.id, tag.description, tag.scope) == (1, "会买", ["official", "wecom"])
    assert "说明：（空）\n渠道：全部" in await boss.say("改标签 G1 说明= 渠道=全部")
    assert "改成了 未分组/很高" in await boss.say("改标签 G1 组=")


async def test_what_changes_here_is_told_there(boss: Phone) -> None:
    await boss.say("建标签 意向/高")
    await settled()
    assert "企业微信：已同步" in await boss.say("标签 高")
    assert "公众号：已同步" in await boss.say("标签 高")
    await boss.say("改标签 高 名=很高")
    assert {(edit.to.account, edit.edit, edit.name) for edit in edits_of(boss)} == {
        ("wecom", "change", "很高"),
        ("official", "change", "很高"),
    }
    assert "企业微信：待同步" in await boss.say("标签 很高")


async def test_a_tag_leaves_the_channels_that_it_is_not_for_any_more(boss: Phone) -> None:
    await boss.say("建标签 意向/高")
    await settled()
    await boss.say("改标签 高 渠道=企微")
    assert [(edit.to.account, edit.edit) for edit in edits_of(boss)] == [("official", "delete")]


async def test_where_there_is_no_room_is_said(boss: Phone) -> None:
    await boss.say(
        "建标签 导入\n" + "\n".join(f"组{n}: {'、'.join(f'标签{n}-{i}' for i in range(20))}" for n in range(5))
    )
    answer = await boss.say("建标签 意向/高")
    assert answer == "建好了：G101 意向/高\n没到公众号：意向/高（最多 100 个标签，已满）"
    assert (await Binding.get(account="official", tag_id=101)).reason == "library_full"
    assert "公众号：最多 100 个标签，已满" in await boss.say("标签 意向/高")
    answer = await boss.say("建标签 导入 零售")
    assert "等 19 个（最多 100 个标签，已满）" in answer


async def test_an_official_account_has_a_name_once(boss: Phone) -> None:
    await boss.say("建标签 意向/高")
    assert "没到公众号：质量/高（那边已有别的标签叫这个名字）" in await boss.say("建标签 质量/高")


def edits_of(phone: Phone) -> list[TagEdit]:
    """What the platforms are told by what was just done."""
    return [out for out in phone.sent if isinstance(out, TagEdit)]


async def test_a_group_goes_with_its_last_tag(boss: Phone) -> None:
    await answers(boss, "建标签 意向/高 等级/低", "改标签 高 组=等级")
    assert [group.name for group in await TagGroup.living()] == ["等级"]


async def test_two_tags_never_become_one_by_a_name(boss: Phone) -> None:
    await boss.say("建标签 意向/高 意向/低 等级/高")
    refused = "已经有 G2 意向/低 了。要把两个并成一个：并标签 G1 G2"
    assert await boss.say("改标签 意向/高 名=低") == refused
    assert "并标签 G1 G3" in await boss.say("改标签 意向/高 组=等级")
    assert await paths() == ["意向/高", "意向/低", "等级/高"]
    assert "改好了" in await boss.say("改标签 意向/低 名=低")
    assert "「G1」跟编号一样" in await boss.say("改标签 意向/低 名=G1")


async def test_a_group_is_renamed_with_all_its_tags(boss: Phone) -> None:
    await boss.say("建标签 意向/高 意向/低 等级/高")
    assert await boss.say("改标签 意向/ 名=购买意向") == "「意向」这一组改成了「购买意向」，里面的 2 个标签不变"
    assert await paths() == ["购买意向/高", "购买意向/低", "等级/高"]
    assert "已经有「等级」这一组了" in await boss.say("改标签 购买意向/ 名=等级")
    assert "一组只能改名" in await boss.say("改标签 购买意向/ 说明=x")


async def test_who_reads_sees_and_changes_nothing(boss: Phone, hire: Hire) -> None:
    await boss.say("建标签 意向/高")
    viewer, sales = await hire("小王", Role.VIEWER), await hire("李雷")
    assert "意向：高 0" in await viewer.say("标签")
    for typed in ("建标签 意向/低", "改标签 意向/高 名=x", "删标签 意向/高", "并标签 意向/高 意向/低"):
        assert "要经理以上" in await sales.say(typed)
    assert await paths() == ["意向/高"]


async def test_in_english(hire: Hire) -> None:
    boss = await hire("Emma", Role.MANAGER, "en")
    assert (await boss.say('newtag intent/high "intent/very low" note=buys soon via=wecom')).startswith(
        "Made: G1 intent/high, G2 intent/very low"
    )
    assert (await boss.say("tags high")).splitlines()[:3] == [
        "G1 intent/high · 0 customers",
        "Note: buys soon",
        "Channels: WeCom",
    ]
    assert "Note: soon\nChannels: all" in await boss.say("edittag high note=soon, via=all")
    assert "G1 intent/high is intent/hot now" in await boss.say("edittag intent/high name=hot")
    assert "intent: hot 0, very low 0" in await boss.say("tags")
    assert (await boss.say("newtag G2")).startswith('"G2" reads like an id')
    assert await boss.say("tags hit") == 'There is no tag "hit". Did you mean intent/hot? To make it: newtag hit'


async def test_of_two_who_make_the_same_tag_at_once_one_does(hire: Hire, clock: Clock) -> None:
    first, second = await hire("韩梅梅", Role.MANAGER), await hire("陈静", Role.MANAGER)
    told = await overlapping(lambda: first.say("建标签 意向/高"), lambda: second.say("建标签 意向/高"))
    assert sorted(answer.partition("：")[0] for answer in told) == ["已经有了", "建好了"]
    assert await paths() == ["意向/高"]
