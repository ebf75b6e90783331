"""What colleagues see of the lead pool, and how they read on."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.leads import Stage
from domain.permissions import Role
from models.customers import Customer, Identity
from models.leads import Lead
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


def ids(answer: str) -> list[str]:
    return [line.split()[1] for line in answer.splitlines() if line[1:3] == ". "]


async def test_a_row_tells_what_there_is_to_know(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone, english = await hire("李雷"), await hire("Lucy", language="en")
    await meet("张三", account="wecom")
    clock.forward(hours=3)
    await meet("", owner="李雷")
    assert (await phone.say("线索")).splitlines() == [
        "回数字看名片；要跟就发 领 加编号：",
        "1. L2（没有名字） · 公众号 · 新线索 · 刚刚 · 你在跟",
        "2. L1 张三 · 企业微信 · 新线索 · 3小时前 · 没人跟",
    ]
    clock.forward(minutes=5)
    assert (await english.say("leads")).splitlines() == [
        "Reply with a number to see the card; claim and the id takes it:",
        "1. L1 张三 · WeCom · new · 3 h ago · free",
    ]


async def test_a_number_opens_the_card(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三")
    await meet("王芳")
    await phone.say("线索")
    assert (await phone.say("2")).startswith("C1 张三")


async def test_sales_see_their_own_and_nobodys_open_ones_managers_all(hire: Hire, meet: Meet) -> None:
    sales, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await hire("韩梅梅")
    for owner in ("", "李雷", "韩梅梅", "李雷"):
        await meet("张三", owner=owner)
    await Lead.filter(id=4).update(stage=Stage.WON)
    assert ids(await sales.say("线索")) == ["L2", "L1"]
    assert ids(await boss.say("线索")) == ["L3", "L2", "L1"]
    assert ids(await sales.say("线索 全部")) == ["L4", "L2", "L1"]
    assert ids(await sales.say("线索 状态=已成交")) == ["L4"]
    assert ids(await sales.say("leads mine")) == ["L2"]
    assert ids(await sales.say("线索 公海")) == ["L1"]
    assert ids(await boss.say("线索 @韩梅梅")) == ["L3"]
    assert ids(await sales.say("线索 @李雷")) == ["L2"]
    assert await sales.say("线索 @韩梅梅") == ("韩梅梅 的线索你看不到。自己的发：线索 我的；没人跟的发：线索 公海")


async def test_the_leads_of_who_left_are_found_to_be_given_to_others(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    await hire("韩梅梅")
    await meet("张三", owner="韩梅梅")
    await Staff.filter(name="韩梅梅").update(active=False)
    assert ids(await boss.say("线索 @韩梅梅")) == ["L1"]


async def test_a_manager_with_a_team_sees_the_teams_and_nobodys(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    for name in ("李雷", "韩梅梅"):
        await hire(name)
    await Staff.filter(name__in=["老板", "李雷"]).update(team="东区")
    for owner in ("", "李雷", "韩梅梅", "老板"):
        await meet("张三", owner=owner)
    assert ids(await boss.say("线索")) == ["L4", "L2", "L1"]
    assert "韩梅梅 的线索你看不到" in await boss.say("线索 @韩梅梅")


async def test_by_stage_channel_and_age(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    await meet("张三", account="wecom")
    clock.forward(days=8)
    await meet("王芳", account="wecom")
    await meet("Mia", account="telegram")
    await Lead.filter(id=2).update(stage=Stage.INTERESTED)
    assert ids(await phone.say("线索 渠道=企微")) == ["L2", "L1"]
    assert ids(await phone.say("线索 状态=新 渠道=企微 7天")) == []
    assert ids(await phone.say("leads status=new 7d")) == ["L3"]
    assert ids(await phone.say("线索 有意向 企微 7天")) == ["L2"]
    assert ids(await phone.say("leads via=tg")) == ["L3"]
    assert ids(await phone.say("线索 今天")) == ["L3", "L2"]


async def test_a_customer_on_two_channels_is_one_lead_on_each(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("Mia", account="wecom")
    for number in ("1", "2"):
        await Identity.create(
            customer=customer, account="telegram", external_id=number, state_at=clock(), added_at=clock()
        )
    assert ids(await phone.say("线索 渠道=电报")) == ["L1"]
    assert "Telegram" in await phone.say("线索 渠道=电报")
    assert "企业微信" in await phone.say("线索")


async def test_a_long_list_has_pages_in_order_and_nothing_twice(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    for number in range(15):
        await meet("张三")
        clock.forward(seconds=number % 3)  # several in the same moment
    answer, seen = await phone.say("线索 状态=新"), []
    for late in (True, True, False):
        lines = answer.splitlines()
        assert len(lines) <= 8
        assert (lines[-1] == "后面还有，发 更多") is late
        seen += ids(answer)
        await meet("王芳")  # who comes meanwhile moves nothing
        answer = await phone.say("更多")
    assert seen == [f"L{number}" for number in range(15, 0, -1)]
    assert answer == "后面没有了。"


async def test_who_was_merged_into_another_is_not_listed(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    kept, merged = await meet("张三"), await meet("张三丰")
    await Customer.filter(id=merged.id).update(merged_into_id=kept.id)
    assert ids(await phone.say("线索")) == ["L1"]
    assert ids(await phone.say("线索 渠道=公众号")) == ["L1"]


async def test_nothing_to_list(hire: Hire) -> None:
    phone, english = await hire("李雷"), await hire("Lucy", language="en")
    assert await phone.say("线索") == "现在没有要跟的线索。看所有的发：线索 全部"
    assert await phone.say("线索 有意向") == "没有符合条件的线索。去掉几个条件试试，或者只发：线索"
    assert await english.say("leads lost") == "No leads like that. Try with less, or just: leads"


async def test_a_mistake_is_named_and_the_usage_is_shown(hire: Hire) -> None:
    phone = await hire("李雷")
    assert (await phone.say("线索 颜色=红")).splitlines() == [
        "「颜色=红」我没看懂。",
        "写法：线索 [状态=新] [渠道=企微] [7天] [我的、公海或 @同事]",
        "例：线索",
    ]
    assert "没有叫「抖音」的渠道。能用的：Telegram、公众号、企业微信" in await phone.say("线索 渠道=抖音")
    assert "没有叫「赵六」的同事" in await phone.say("线索 @赵六")


async def test_an_old_list_says_so(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    await meet("张三")
    await phone.say("线索")
    clock.forward(minutes=11)
    assert "对不上选项" in await phone.say("1")
    assert clock() - (await Lead.get()).created_at == timedelta(minutes=11)
