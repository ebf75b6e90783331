"""What a colleague is told of tags that a platform does not take, and what is sent of those that it does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from domain.outgoing import TagChange
from domain.permissions import Role
from domain.tags import TagLimits, TagRules
from models.customers import Customer, Identity
from models.sync import Binding, Mark
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.test_merges import confirmed
from tests.handlers.test_tags_on_cards import line

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
LIMITS = TagLimits(tags=100, per_contact=2, batch=50, grouped=False)


@pytest.fixture
async def tags(database: str, clock: Clock) -> list[Tag]:
    """Four tags, the first three of which are on the official account."""
    group = await TagGroup.create(name="等级", created_at=clock())
    made = [await Tag.create(group=group, name=name, created_at=clock()) for name in "甲乙丙丁"]
    for number, tag in enumerate(made[:3], 100):
        agreed = {"name": tag.name, "group": "", "order": 0}
        about = {"account": "official", "level": "tag", "tag": tag, "touched_at": clock()}
        await Binding.create(remote_id=str(number), agreed=agreed, **about)
    about = {"account": "official", "level": "tag", "tag": made[3], "touched_at": clock()}
    await Binding.create(reason="library_full", **about)
    return made


@pytest.fixture
async def lilei(hire: Hire, meet: Meet, tags: list[Tag]) -> Phone:
    phone = await hire("李雷", Role.ADMIN)
    phone.house = replace(phone.house, tags={"official": TagRules(LIMITS)})
    await meet("张三")
    await meet("李四")
    assert tags
    return phone


def changes(phone: Phone) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    return [(out.contacts, out.add, out.drop) for out in phone.sent if isinstance(out, TagChange)]


async def test_the_platform_is_told_at_once(lilei: Phone) -> None:
    await lilei.say("打标 C1 C2 +甲")
    assert changes(lilei) == [(("official-1", "official-2"), ("100",), ())]
    assert line(await lilei.say("看 C1")) == "🏷 甲（待同步）"


async def test_a_limit_is_named_at_once(lilei: Phone) -> None:
    answer = await lilei.say("打标 C1 +甲 +乙 +丙")
    assert answer.splitlines() == ["C1 张三 打好标了：", "＋甲 ＋乙 ＋丙", "公众号没写上：公众号每人最多 20 个标签"]
    assert "公众号没写上（C1、C2）：那边的标签已经满了" in await lilei.say("打标 C1 C2 +丁")
    assert "丁（公众号失败：那边的标签已经满了）" in line(await lilei.say("看 C1"))
    await lilei.say("lang en")
    assert "Not on Official account: " in await lilei.say("tag C2 +甲 +乙 +丙")


async def test_whoever_unfollowed_is_told(lilei: Phone, clock: Clock) -> None:
    await (await Identity.get(customer_id=1)).reached("unfollowed", clock.forward(seconds=1))
    assert "公众号没写上：客户取消关注了" in await lilei.say("打标 C1 +甲")


async def test_what_a_joining_brings_goes_to_all_accounts_and_back(lilei: Phone) -> None:
    await lilei.say("打标 C1 +甲")
    await lilei.say("打标 C2 +乙")
    await Mark.all().update(state="synced", agreed=True, sending=None)
    answer = await lilei.say("合并 C1 C2")
    assert "标签 1 个" in answer
    await confirmed(lilei, "合并 C1 C2")
    assert changes(lilei) == [(("official-2",), ("100",), ()), (("official-1",), ("101",), ())]
    await Mark.all().update(state="synced", agreed=True, sending=None)
    assert "标签 1 个" in (await lilei.say("撤销合并 M2")).splitlines()[1]
    await confirmed(lilei, "撤销合并 M2")
    assert changes(lilei) == [(("official-2",), (), ("100",)), (("official-1",), (), ("101",))]


async def test_an_account_that_is_taken_out_keeps_the_tags_it_has_there(lilei: Phone, clock: Clock) -> None:
    own = {"account": "official", "external_id": "second", "state_at": clock(), "added_at": clock()}
    second = await Identity.create(customer_id=1, name="小张", **own)
    await lilei.say("打标 C1 +甲 +丁")
    await Mark.filter(binding__remote_id="100").update(state="synced", agreed=True, sending=None)
    preview = await lilei.say(f'解除 C1 official "{second.external_id}"')
    assert "那边的标签 1 个；备注、待办留在 C1" in preview
    await confirmed(lilei, f'解除 C1 official "{second.external_id}"')
    assert changes(lilei) == []
    assert [each.tag.name for each in await Tagging.of(3)] == ["甲"]
    assert [each.tag.name for each in await Tagging.of(1)] == ["甲", "丁"]
