"""Here lives the tagging of all customers for whom a rule holds: previewed, confirmed, done some at a time, once."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from domain.plans import Stage
from handlers.context import House
from models.changes import Change
from models.plans import Plan
from models.staff import Staff
from models.tags import Tagging
from tests.handlers.library import carrying, give, with_tags
from tests.handlers.massing import Meet, confirmed, people
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of, commands_of, stage_of, told

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house, approval_over=10)


@pytest.fixture
async def chief(hire: Hire) -> Phone:
    phone = await hire("韩梅梅", Role.MANAGER)
    await phone.say("建标签 等级/VIP 等级/试用")
    return phone


async def test_all_who_fulfil_a_rule_are_tagged(chief: Phone, meet: Meet) -> None:
    some = await people(meet, 4)
    other = await meet("外地", city="北京")
    await give("等级/VIP", some[0])
    await give("等级/试用", some[1], other)
    preview = (await chief.say("批量打标 城市=上海 +VIP -试用")).splitlines()
    assert preview[0] == "给 3 位客户批量打标，编号 G1"
    assert preview[1].startswith("人群：")
    assert preview[1].endswith("（共 4 位）")
    assert preview[2] == "＋VIP：3 位；－试用：1 位"
    assert preview[3].startswith(f"比如：{some[1].short_id} 客户1")
    assert len(preview) <= 8
    assert commands_of(chief) == [f"confirm {code_of(chief)}", "cancel G1"]
    assert await carrying("等级/VIP") == [some[0].id]
    done = (await confirmed(chief)).splitlines()
    assert done == ["G1 批量打标做完了：3 位客户有变化", "＋等级/VIP：3 位；－等级/试用：1 位"]
    assert await carrying("等级/VIP") == [each.id for each in some]
    assert await carrying("等级/试用") == [other.id]
    given = await Change.filter(tag_id=1, old="")
    assert {change.staff_id for change in given if change.cause != "test"} == {(await Staff.get()).id}
    assert "没有可以撤销的打标" in await chief.say("撤销")


@pytest.mark.parametrize(
    "typed", ["打标 人群=城市=上海 +VIP", "tag to=city=上海 +VIP", "打标 人群 = “城市=上海” ＋VIP"]
)
async def test_tagging_leads_there(chief: Phone, meet: Meet, typed: str) -> None:
    some = await people(meet, 2)
    assert "给 2 位客户批量打标" in await chief.say(typed)
    await confirmed(chief)
    assert await carrying("等级/VIP") == [each.id for each in some]


async def test_sales_do_not_tag_all(chief: Phone, hire: Hire, meet: Meet) -> None:
    await people(meet, 2)
    sales = await hire("李雷")
    answers = [await sales.say(typed) for typed in ("批量打标 城市=上海 +VIP", "打标 人群=城市=上海 +VIP")]
    assert answers[0] == answers[1]
    assert "经理" in answers[0]
    assert await Plan.all().count() == 0


async def test_many_take_another_manager(chief: Phone, hire: Hire, meet: Meet) -> None:
    other = await hire("陈静", Role.MANAGER)
    some = await people(meet, 11)
    assert "超过 10 位客户，要另一位经理批准" in await chief.say("批量打标 城市=上海 +VIP")
    assert "给 11 位客户批量打标" in told(chief, other)
    await confirmed(chief)
    assert await stage_of(chief, "G1") is Stage.AWAITING_APPROVAL
    await other.say("批准 G1")
    assert "11 位客户有变化" in told(other, chief)
    assert await carrying("等级/VIP") == [each.id for each in some]
    assert {change.staff_id for change in await Change.filter(tag_id=1)} == {(await Staff.get(name="韩梅梅")).id}


@pytest.mark.parametrize(("more", "again"), [(5, False), (6, True)])
async def test_only_many_more_customers_are_another_plan(chief: Phone, meet: Meet, more: int, again: bool) -> None:
    await people(meet, 2)
    await chief.say("批量打标 城市=上海 +VIP")
    code = code_of(chief)
    await people(meet, more)
    answer = await chief.say(f"确认 {code}")
    assert (f"给 {more + 2} 位客户批量打标" in answer) is again
    assert len(await carrying("等级/VIP")) == (0 if again else more + 2)


async def test_an_audience_that_is_somebody_else_by_now_is_another_plan(chief: Phone, hire: Hire, meet: Meet) -> None:
    other = await hire("陈静", Role.MANAGER)
    await people(meet, 2)
    there = await people(meet, 2, "北京")
    await chief.say("人群 存 甲 = 城市=上海")
    await chief.say("批量打标 甲 +VIP")
    code = code_of(chief)
    await other.say("人群 存 甲 = 城市=北京")
    assert "给 2 位客户批量打标" in await chief.say(f"确认 {code}")
    assert await carrying("等级/VIP") == []
    await confirmed(chief)
    assert await carrying("等级/VIP") == [each.id for each in there]


async def test_who_became_too_many_take_a_manager(chief: Phone, meet: Meet) -> None:
    await people(meet, 2)
    await chief.say("批量打标 城市=上海 +VIP")
    code = code_of(chief)
    await people(meet, 9)
    assert "现在有 11 位客户，要另一位经理批准" in await chief.say(f"确认 {code}")
    assert await carrying("等级/VIP") == []


async def test_a_tag_that_is_gone_meanwhile_is_given_to_nobody(chief: Phone, hire: Hire, meet: Meet) -> None:
    other = await hire("陈静", Role.MANAGER)
    await people(meet, 2)
    await chief.say("批量打标 城市=上海 +VIP +试用")
    code = code_of(chief)
    await other.say("删标签 试用")
    await confirmed(other)
    assert "G2 等级/试用 已经删掉了" in await chief.say(f"确认 {code}")
    assert await Tagging.all().count() == 0


async def test_a_team_tags_its_own(hire: Hire, chief: Phone, meet: Meet) -> None:
    boss, _ = await hire("王经理", Role.MANAGER), await hire("李雷")
    for name, team in {"王经理": "华东", "李雷": "华东", "韩梅梅": "华南"}.items():
        await Staff.filter(name=name).update(team=team)
    mine, free, _ = [await meet(f"客户{owner}", owner=owner, city="上海") for owner in ("李雷", "", "韩梅梅")]
    assert "给 2 位客户批量打标" in await boss.say("批量打标 城市=上海 +VIP")
    await confirmed(boss)
    assert await carrying("等级/VIP") == [mine.id, free.id]


async def test_who_approves_reads_it_in_their_language_and_of_nobody_they_do_not_see(
    chief: Phone, hire: Hire, meet: Meet
) -> None:
    emma, wang = await hire("Emma", Role.MANAGER, "en"), await hire("王经理", Role.MANAGER)
    await Staff.filter(name="王经理").update(team="华东")
    await people(meet, 11)
    await chief.say("批量打标 城市=上海 +VIP")
    in_english, of_a_team = told(chief, emma), told(chief, wang)
    assert 'Audience: city is "上海" (11 in all)' in in_english
    assert "E.g. C1 客户0" in in_english
    assert "给 11 位客户批量打标" in of_a_team
    assert "客户0" not in of_a_team


async def test_the_tags_may_come_later(chief: Phone, meet: Meet) -> None:
    some = await people(meet, 2)
    await chief.say("人群 城市=上海")
    button = next(command for command in commands_of(chief) if command.startswith("tagall"))
    assert "给这 2 位客户加哪个标签" in await chief.press(button)
    assert "＋VIP：2 位；－试用：0 位" in await chief.say("VIP -试用")
    await confirmed(chief)
    assert await carrying("等级/VIP") == [each.id for each in some]


async def test_of_several_names_each_is_chosen(chief: Phone, meet: Meet) -> None:
    await chief.say("建标签 来源/VIP")
    some = await people(meet, 2)
    assert "2. 来源/VIP" in await chief.say("批量打标 城市=上海 +VIP")
    assert "编号 G3" in await chief.say("2")
    await confirmed(chief)
    assert await carrying("来源/VIP") == [each.id for each in some]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("批量打标", "后面还差内容"),
        ("批量打标 +VIP", "后面还差内容"),
        ("打标 人群= +VIP", "后面还差内容"),
        ("批量打标 城市=北京 +VIP", "没有这样的客户"),
        ("批量打标 城市=上海 -试用", "已经都是这样了"),
        ("批量打标 城市=上海 +没有", "没有「没有」这个标签"),
        ("批量打标 城市=上海 +VIP -VIP", "VIP"),
        ("批量打标 城市== +VIP", "^"),
    ],
)
async def test_mistakes_teach(chief: Phone, meet: Meet, typed: str, told: str) -> None:
    await people(meet, 2)
    assert told in await chief.say(typed)
    assert await Plan.all().count() == 0


async def test_in_english(hire: Hire, meet: Meet) -> None:
    emma = await hire("Emma", Role.MANAGER, "en")
    await emma.say("newtag level/vip level/trial")
    some = await people(meet, 2)
    await give("level/trial", some[1])
    preview = (await emma.say("tagall city=上海 +vip -trial")).splitlines()
    assert preview[0] == "Tag 2 customers at once, as G1"
    assert preview[2] == "+vip: 2; -trial: 1"
    assert (await emma.say(f"confirm {code_of(emma)}")).splitlines() == [
        "G1 is done: 2 customers changed",
        "+level/vip: 2; -level/trial: 1",
    ]
