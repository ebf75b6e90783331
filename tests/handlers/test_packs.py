"""Here lives what staff do with packs of tags: bring one in, write the library out, and bring that in again."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import OutboundMessage, words
from domain.permissions import Role
from handlers.context import House
from models.tags import Tag, TagGroup
from tests.handlers.library import paths, with_tags
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def test_packs_are_listed(boss: Phone) -> None:
    answer = await boss.say("建标签 导入")
    assert answer.startswith("现成的标签包：零售、教育、房产、美业、餐饮、通用\n导入一个：建标签 导入 零售")
    assert len(answer.splitlines()) <= 8


async def test_a_pack_brings_what_is_not_there(boss: Phone) -> None:
    await boss.say("建标签 意向/高 客户等级/vip")
    answer = await boss.say("建标签 导入 零售")
    assert answer.startswith("零售：新建了 18 个标签，分在 5 组，2 个已经有了\n")
    assert "来源/直播间" in await paths()
    assert {tag.source for tag in await Tag.filter(id__gt=2)} == {"import"}
    assert (await boss.say("建标签 导入 Retail")).startswith("零售：没有新的标签，20 个已经有了")


async def test_what_is_there_stays_as_it_is(boss: Phone) -> None:
    await boss.say("建标签 意向/高 说明=我们的说法")
    await boss.say("建标签 导入 零售")
    assert (await Tag.get(id=1)).description == "我们的说法"


async def test_the_words_are_the_houses(hire: Hire) -> None:
    emma = await hire("Emma", Role.MANAGER, "en")
    assert (await emma.say("newtag import retail")).startswith("retail: 20 new tags in 5 groups\n")
    assert "意向/高" in await paths()
    assert 'There is no pack "cars". There are: retail, education' in await emma.say("newtag import cars")


async def test_what_is_written_out_can_be_brought_in(boss: Phone) -> None:
    await boss.say("建标签 导入 教育")
    await boss.say("建标签 等级/VIP 说明=“a: b” 渠道=企微")
    await boss.say("建标签 “等级/yes”")
    before = [(tag.path, tag.description, tag.scope) for tag in await Tag.living()]
    text = await boss.say("标签 导出")
    assert "- VIP:\n    说明: 'a: b'\n    渠道:\n    - wecom\n" in text
    assert (await boss.say(f"建标签 导入\n{text}")).startswith("没有新的标签，23 个已经有了")
    await Tag.all().delete()
    await TagGroup.all().delete()
    assert (await boss.say(f"建标签 导入\n{text}")).startswith("新建了 23 个标签，分在 6 组\n")
    assert [(tag.path, tag.description, tag.scope) for tag in await Tag.living()] == before


async def test_a_text_from_a_phone_is_understood(boss: Phone) -> None:
    assert "新建了 4 个标签，分在 2 组" in await boss.say("建标签 导入\n意向：\n-高\n- 低\n渠道: 抖音、快手")
    assert await paths() == ["意向/高", "意向/低", "渠道/抖音", "渠道/快手"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("意向:\n- 高\n- [低]", "第 3 行看不懂：- [低]\n什么都没导入"),
        ("意向:", "里面没有标签"),
        ("意向:\n- a/b", "不能当标签或组的名字"),
        ("意向:\n- 高: {渠道: 抖音}", "没有叫「抖音」的渠道"),
    ],
)
async def test_a_mistake_brings_nothing_in(boss: Phone, text: str, told: str) -> None:
    assert told in await boss.say(f"建标签 导入\n{text}")
    assert await Tag.all().count() == 0


async def test_a_long_library_is_written_out_whole(boss: Phone) -> None:
    await boss.say(
        "建标签 导入\n" + "\n".join(f"组{n}: {'、'.join(f'标签{n}-{i}' for i in range(20))}" for n in range(150))
    )
    assert await Tag.all().count() == 3_000
    await boss.say("标签 导出")
    said = "\n".join(words(out.content) for out in boss.sent if isinstance(out, OutboundMessage))
    assert said.count("- 标签") == 3_000
