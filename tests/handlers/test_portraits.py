"""Here lives the portrait of an audience, and the list of the customers for whom a rule holds."""

from collections.abc import Awaitable, Callable

import pytest

from domain.leads import Stage
from domain.permissions import Role
from handlers.context import House
from models.customers import Customer
from models.leads import Lead
from models.portraits import spread
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.library import give, with_tags
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house)


async def town(meet: Meet, clock: Clock) -> list[Customer]:
    """Ten customers, five of them in 上海: two ordered, three are known by age, two carry a tag."""
    people = [await meet(f"客户{n}", city="上海" if n < 5 else "北京") for n in range(10)]
    for person, born in zip(people, ("1990-05-01", "1992-05-01", "1970-01-01", "--05-01", ""), strict=False):
        await Customer.filter(id=person.id).update(birthday=born)
    await Customer.filter(id=people[0].id).update(orders=3, amount=120_000, last_order_at=clock())
    await Customer.filter(id=people[1].id).update(orders=1, amount=40_050, last_order_at=clock())
    await Lead.filter(customer_id__in=[each.id for each in people[:2]]).update(stage=Stage.WON)
    await give("等级/VIP", *people[:2])
    return people


async def test_what_they_are_like(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await boss.say("建标签 等级/VIP")
    await town(meet, clock)
    first, *lines = (await boss.say("人群画像 城市=上海")).splitlines()
    assert first.startswith("5 位客户（占 50%）：")
    assert lines == [
        "渠道：公众号 100%；能联系上 100%",
        "阶段：新线索 60%、已成交 40%",
        "标签：VIP 40%（全部 20%）",
        "年龄：25–34 33%、35–44 33%、55 以上 33%（60% 填了生日）",
        "消费：40% 下过单，这些人平均 2 单、800.25 CNY",
    ]


async def test_in_english_by_the_name_of_an_audience(hire: Hire, meet: Meet, clock: Clock) -> None:
    emma = await hire("Emma", Role.MANAGER, "en")
    await emma.say("newtag 等级/VIP")
    await town(meet, clock)
    await emma.say("audience save locals = city=上海")
    lines = (await emma.say("portrait locals")).splitlines()
    assert lines[0].startswith("5 customers (50% of all): ")
    assert lines[3:] == [
        "Tags: VIP 40% (everybody 20%)",
        "Age: 25–34 33%, 35–44 33%, 55+ 33% (60% have a birthday)",
        "Spend: 40% have ordered, on average 2 orders for 800.25 CNY",
    ]
    assert "Whose portrait?" in await emma.say("portrait")
    assert (await emma.say("@locals and city=Rome")).startswith("There are no such customers")


async def test_of_more_than_it_looks_at_evenly_chosen_ones_are_told_of() -> None:
    assert spread(range(10), 10) == list(range(10))
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread(range(10), 0) == []


async def test_a_rule_finds_customers_newest_first_page_by_page(hire: Hire, meet: Meet) -> None:
    sales = await hire("李雷")
    people = [await meet(f"客户{n}", city="上海") for n in range(8)]
    listed = (await sales.say("查 条件=城市=上海")).splitlines()
    assert listed[0] == "8 位客户，回数字看名片："
    assert [line.split()[1] for line in listed[1:7]] == [each.short_id for each in people[:1:-1]]
    assert listed[7] == "后面还有，发 更多"
    assert f"1. {people[1].short_id}" in await sales.say("更多")
    assert people[1].name in await sales.say("1")
    assert "没有这样的客户" in await sales.say("查 条件=城市=北京")
    assert "^" in await sales.say("查 条件=城市=")
    assert (await sales.say('find where="city=上海 and not name~客户"')).startswith("没有这样的客户")


async def test_sales_find_by_a_rule_whom_they_may_see(hire: Hire, meet: Meet) -> None:
    sales, _ = await hire("李雷"), await hire("韩梅梅")
    for owner in ("李雷", "", "韩梅梅"):
        await meet(f"{owner or '公海'}客户", owner=owner, city="上海")
    attended = await meet("代管客户", owner="韩梅梅", city="上海")
    await Customer.filter(id=attended.id).update(attendant_id=(await Staff.get(name="李雷")).id)
    told = await sales.say("查 条件=城市=上海")
    assert told.startswith("3 位客户")
    assert "韩梅梅客户" not in told
    assert "代管客户" in told
    assert "2 位客户" in await sales.say("查 条件=not owner=韩梅梅")
