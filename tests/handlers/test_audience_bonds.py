"""Here lives what stands on audiences, and what audiences stand on: each other, rules that tag, tags, and teams."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from handlers.context import House
from models.audiences import Audience, AudienceSize
from models.staff import Staff
from tests.handlers.library import give, with_tags
from tests.handlers.massing import Meet, shanghai
from tests.handlers.phone import Phone
from tests.handlers.planning import commands_of

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def test_audiences_do_not_need_each_other_in_a_circle(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    await boss.say("人群 存 甲 = 城市=上海")
    await boss.say("人群 存 乙 = @甲 且 渠道=企微")
    before = (await Audience.get(name="甲")).rule
    assert "甲" in await boss.say("人群 存 甲 = @乙")
    assert (await Audience.get(name="甲")).rule == before
    assert "「甲」还在用，没有删：乙" in await boss.say("人群 删 甲")
    await boss.say("人群 删 乙")
    assert "删掉了" in await boss.say("人群 删 甲")


async def test_a_rule_that_tags_by_it_keeps_it_and_a_previewed_one_does_not(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    await boss.say("建标签 意向/高")
    for name in ("甲", "乙"):
        await boss.say(f"人群 存 {name} = 城市=上海")
        assert (await boss.say(f"规则 加 高 当 @{name}")).startswith("新规则")
    await boss.press(commands_of(boss)[0])
    assert "「乙」还在用，没有删：R2" in await boss.say("人群 删 乙")
    assert "「甲」删掉了" in await boss.say("人群 删 甲")


async def test_it_outlives_the_new_name_of_its_tag(boss: Phone, meet: Meet) -> None:
    people = await shanghai(meet)
    await boss.say("建标签 意向/高")
    await give("意向/高", *people[:2])
    assert (await boss.say("人群 存 热 = #高")).startswith("存好了：热，2 位客户")
    await boss.say("改标签 意向/高 名=很高")
    shown = await boss.say("人群 看 热")
    assert shown.startswith("热：2 位客户")
    assert "很高" in shown


async def test_it_outlives_the_new_name_of_a_group(boss: Phone, meet: Meet) -> None:
    people = await shanghai(meet)
    await boss.say("建标签 意向/高 等级/高")
    await give("意向/高", *people[:2])
    await boss.say("人群 存 热 = 非 #意向/ 或 #等级/ 或 #意向/高")
    await boss.say("人群 存 别 = 城市=上海")
    await boss.say("改标签 意向/ 名=兴趣")
    assert (await Audience.get(name="热")).rule.startswith("not #兴趣/ or #等级/ or #G")
    shown = await boss.say("人群 看 热")
    assert shown.startswith("热：5 位客户")
    assert "「兴趣」" in shown


async def test_a_team_sees_its_own(hire: Hire, meet: Meet) -> None:
    boss, chief = await hire("王经理", Role.MANAGER), await hire("总经理", Role.MANAGER)
    await hire("李雷")
    await hire("韩梅梅")
    for name, team in {"王经理": "华东", "李雷": "华东", "韩梅梅": "华南"}.items():
        await Staff.filter(name=name).update(team=team)
    for owner in ("李雷", "", "韩梅梅"):
        await meet(f"{owner}的客户", owner=owner, city="上海")
    told = await boss.say("人群 城市=上海")
    assert told.startswith("2 位客户")
    assert "韩梅梅的客户" not in told
    assert (await chief.say("人群 存 本地 = 城市=上海")).startswith("存好了：本地，3 位客户")
    shown = await boss.say("人群 看 本地")
    assert shown.startswith("本地：3 位客户，你能看到 2 位")
    assert "韩梅梅的客户" not in shown
    assert (await AudienceSize.get()).size == 3
