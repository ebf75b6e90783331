from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from handlers.context import House
from models.customers import Customer, Identity
from models.sync import Binding, Mark
from models.tags import Tag
from tests.clock import Clock
from tests.handlers.library import settled, tag_called, with_tags
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house, approval_over=3)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def marked(path: str, clock: Clock, *customers: Customer) -> None:
    """They carry the tag on the official account."""
    await settled()
    binding = await Binding.get(tag_id=(await tag_called(path)).id, account="official")
    for customer in customers:
        identity = await Identity.get(customer_id=customer.id)
        await Mark.create(
            binding=binding, identity=identity, wanted=True, agreed=True, touched_at=clock(), seen_at=clock()
        )


async def scope(tag_id: int) -> list[str]:
    return (await Tag.get(id=tag_id)).scope


async def test_what_customers_lose_on_a_platform_is_previewed(boss: Phone, meet: Meet, clock: Clock) -> None:
    await boss.say("建标签 意向/高")
    await marked("意向/高", clock, await meet("陈静"), await meet("李娜"))
    preview = await boss.say("改标签 意向/高 渠道=企微 名=很高")
    assert preview.splitlines()[:2] == [
        "改 G1 意向/高 的渠道：",
        "公众号（official）上会删掉这个标签，那边的 2 位客户一起去掉",
    ]
    assert len(preview.splitlines()) <= 8
    assert (await scope(1), (await Tag.get(id=1)).name) == ([], "高")
    done = await boss.say(f"确认 {code_of(boss)}")
    assert done.splitlines()[0] == "G1 意向/高 改成了 意向/很高"
    assert await scope(1) == ["wecom"]


async def test_where_nobody_loses_anything_it_is_done_at_once(boss: Phone, meet: Meet, clock: Clock) -> None:
    await boss.say("建标签 意向/高 意向/低")
    await marked("意向/高", clock, await meet("陈静"))
    await boss.say("改标签 意向/低 渠道=企微")
    assert await scope(2) == ["wecom"]
    await boss.say("改标签 意向/高 渠道=公众号")
    assert await scope(1) == ["official"]


async def test_who_gets_the_tag_meanwhile_is_previewed_again(boss: Phone, meet: Meet, clock: Clock) -> None:
    await boss.say("lang en")
    await boss.say("newtag intent/high")
    await marked("intent/high", clock, await meet("Mia"))
    await boss.say("edittag G1 via=wecom")
    code = code_of(boss)
    await marked("intent/high", clock, await meet("Ann"))
    assert "2 customers lose it there" in await boss.say(f"confirm {code}")
    assert await scope(1) == []
    await boss.say(f"confirm {code_of(boss)}")
    assert await scope(1) == ["wecom"]


async def test_many_customers_need_another_manager(boss: Phone, hire: Hire, meet: Meet, clock: Clock) -> None:
    other = await hire("李雷", Role.MANAGER)
    await boss.say("建标签 意向/高")
    await marked("意向/高", clock, *[await meet(f"客户{n}") for n in range(4)])
    assert "要另一位经理批准" in await boss.say("改标签 意向/高 渠道=企微")
    await boss.say(f"确认 {code_of(boss)}")
    assert await scope(1) == []
    await other.say("批准 G1")
    assert await scope(1) == ["wecom"]


async def test_a_new_name_is_another_try(boss: Phone) -> None:
    await boss.say("建标签 意向/高 质量/高")
    assert (await Binding.get(tag_id=2, account="official")).reason == "name_taken"
    assert "没到公众号" not in await boss.say("改标签 质量/高 名=便宜")
    assert (await Binding.get(tag_id=2, account="official")).reason == ""


async def test_what_is_not_ours_to_delete_is_told_before(boss: Phone) -> None:
    await boss.say("建标签 意向/高")
    await settled()
    await Binding.filter(tag_id=1, account="wecom").update(reason="not_ours")
    assert "但企业微信上删不掉（不归我们管），那边会留着" in await boss.say("删标签 意向/高")
