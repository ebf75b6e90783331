"""A customer's card tells their tags, for short; and the trail tells who gave them."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from models.customers import Customer
from models.sync import Binding, Mark
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.library import with_tags
from tests.handlers.phone import Phone
from tests.handlers.test_customers import full

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def tags(database: str, clock: Clock) -> dict[str, Tag]:
    made: dict[str, Tag] = {}
    for place, (group, names) in enumerate(
        (("意向", "高低"), ("等级", ("VIP", *"一二三四五六七八九")), ("风险", "高"))
    ):
        row = await TagGroup.create(name=group, order=-place, created_at=clock())
        for number, name in enumerate(names):
            made[f"{group}/{name}"] = await Tag.create(group=row, name=name, order=-number, created_at=clock())
    return made


def line(answer: str) -> str:
    return next((each for each in answer.splitlines() if each.startswith("🏷")), "")


async def test_tags_are_in_the_order_of_the_library_with_a_group_where_it_is_needed(
    hire: Hire, meet: Meet, tags: dict[str, Tag], clock: Clock
) -> None:
    phone = await hire("李雷")
    await meet("张三")
    assert line(await phone.say("看 C1")) == ""
    await phone.say("打标 C1 +VIP +意向/高")
    await Tagging.create(customer_id=1, tag=tags["意向/低"], source="rule", at=clock())
    assert line(await phone.say("看 C1")) == "🏷 意向/高 · 低（规则） · VIP"
    await phone.say("lang en")
    assert line(await phone.say("show C1")) == "🏷 意向/高 · 低 (rule) · VIP"


async def test_a_full_card_with_many_tags_fits_a_phone(
    hire: Hire, meet: Meet, tags: dict[str, Tag], clock: Clock
) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷", account="wecom", phone="+8613800001234")
    await full(customer, clock)
    await phone.say("待办 加 明天 报价 C1")
    await phone.say("打标 C1 " + " ".join(f"+{path}" for path in tags))
    answer = await phone.say("看 C1")
    assert len(answer.splitlines()) == 8
    assert line(answer).endswith(" · 七 · 另有 3 个")


async def test_what_is_the_matter_with_several_tags_is_said_once(
    hire: Hire, meet: Meet, tags: dict[str, Tag], clock: Clock
) -> None:
    phone = await hire("李雷")
    phone.house = with_tags(phone.house)
    await meet("张三", account="wecom")
    for number, tag in enumerate(tags.values()):
        agreed = {"name": tag.name, "group": "", "order": 0}
        about = {"level": "tag", "tag": tag, "touched_at": clock()}
        await Binding.create(account="wecom", remote_id=str(number), agreed=agreed, **about)
    await phone.say("打标 C1 " + " ".join(f"+{path}" for path in tags))
    marks = Mark.filter(identity_id=1)
    await marks.filter(binding__tag_id=tags["意向/高"].id).update(state="synced", reason="", agreed=True)
    await marks.filter(binding__tag_id=tags["意向/低"].id).update(reason="not_ours")
    assert line(await phone.say("看 C1")) == (
        "🏷 意向/高 · 低（企业微信失败：不是我们建的标签，平台不让改）"
        " · VIP · 一 · 二 · 三 · 四 · 五 · 六 · 七 · 另有 3 个"
        "；没到企业微信：那边没有同事加着这位客户（VIP、一 等 11 个）"
    )
    waiting = [tags[f"等级/{each}"].id for each in "三四五六七八九"]
    await marks.filter(binding__tag_id__in=waiting).update(state="pending", reason="")
    await phone.say("lang en")
    assert line(await phone.say("show C1")).partition("; ")[2] == (
        "not synced yet (三, 四, 7 in all)"
        "; not on WeCom, no colleague has this customer as a contact there (VIP, 一, 4 in all)"
    )


async def test_the_trail_tells_what_came_and_went(hire: Hire, meet: Meet, tags: dict[str, Tag], clock: Clock) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.ADMIN)
    await meet("张三")
    await phone.say("打标 C1 +VIP")
    clock.forward(minutes=1)
    await phone.say("打标 C1 -VIP")
    told = (await boss.say("日志 C1")).splitlines()
    assert "17:01 李雷 改 标签 －等级/VIP" in told
    assert "17:00 李雷 改 标签 ＋等级/VIP" in told
    await boss.say("lang en")
    assert "17:01 李雷 changed tag -等级/VIP" in (await boss.say("log C1")).splitlines()
    assert tags
