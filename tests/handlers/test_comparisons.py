"""An account's tag library is compared with ours: what changed there changes here, and nothing goes without proof."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest

from bot.database import transaction
from channels import tag_limits
from domain.messages import OutboundMessage, words
from domain.outgoing import TagEdit
from domain.permissions import Role
from domain.tags import Library, Policy, TagRules
from handlers import bindings
from handlers.context import House
from models.changes import Actor
from models.customers import Customer
from models.sync import Binding, Sync
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.readings import Platform

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


def rules(kind: str, policy: Policy = "platform") -> TagRules:
    limits = tag_limits(kind)
    assert limits
    return TagRules(limits, policy)


@pytest.fixture
def house(house: House) -> House:
    return replace(house, tags={"wecom": rules("wecom"), "official": rules("wechat")})


@pytest.fixture
def wecom(house: House, clock: Clock) -> Platform:
    return Platform(house, clock)


@pytest.fixture
def official(house: House, clock: Clock) -> Platform:
    return Platform(house, clock, "official")


def under(platform: Platform, policy: Policy) -> None:
    kind = platform.house.accounts[platform.account]
    platform.house = replace(platform.house, tags={**platform.house.tags, platform.account: rules(kind, policy)})


async def paths() -> list[str]:
    return sorted(tag.path for tag in await Tag.living())


async def carry(customer: Customer, tag: str, at: datetime) -> None:
    found = await Tag.get(name=tag, gone_at=None).select_related("group")
    await Tagging.give([(customer.id, found)], "staff", Actor(None, "test", at))


async def made(house: Platform, group: str, *names: str) -> list[Tag]:
    """As `建标签` makes them."""
    at = house.clock()
    home = await TagGroup.get_or_none(name=group) or await TagGroup.create(name=group, created_at=at)
    tags = [await Tag.create(group=home, name=name, created_at=at) for name in names]
    ctx = house.context()
    async with transaction():
        await bindings.bind(tags, ctx)
    return tags


async def test_what_is_there_is_here_after_the_first_reading(wecom: Platform) -> None:
    wecom.add("意向", "高", "低")
    wecom.add("等级", "VIP")
    await wecom.read()
    assert await paths() == ["意向/低", "意向/高", "等级/VIP"]
    assert {tag.source for tag in await Tag.all()} == {"platform"}
    assert await Binding.filter(account="wecom").count() == 5
    assert await Binding.filter(account="official").count() == 0
    await wecom.read()
    assert (await Tag.all().count(), wecom.sent) == (3, [])


async def test_thousands_come_by_few_statements(wecom: Platform) -> None:
    for group in range(30):
        wecom.add(f"组{group}", *(f"{group}-{tag}" for tag in range(100)))
    await wecom.read()
    assert (await Tag.all().count(), await TagGroup.all().count()) == (3000, 30)
    tag = await Tag.get(name="7-42").select_related("group")
    assert tag.group.name == "组7"
    assert (await Binding.get(tag_id=tag.id)).remote_id == "t-7-42"


async def test_tags_without_groups_come_into_one_named_like_the_channel(official: Platform) -> None:
    official.add("", "星标", "老客")
    await official.read()
    assert await paths() == ["公众号/星标", "公众号/老客"]


async def test_the_same_name_on_both_sides_is_one_tag(wecom: Platform, official: Platform, clock: Clock) -> None:
    await made(wecom, "意向", "高")
    clock.forward(minutes=1)
    wecom.add("意向", "高")
    official.add("", "高")
    await wecom.read()
    await official.carry_out()
    await official.read()
    assert await paths() == ["意向/高"]
    found = await Binding.filter(level="tag").order_by("account").values_list("account", "remote_id", "reason")
    assert found == [("official", "t-高", ""), ("wecom", "t-高", "")]


async def test_what_is_renamed_there_is_renamed_here_and_carried_on(wecom: Platform, meet: Meet, clock: Clock) -> None:
    wecom.add("意向", "高")
    await wecom.read()
    customer = await meet("张三")
    await carry(customer, "高", clock())
    wecom.rename("高", "很高")
    await wecom.read()
    assert await paths() == ["意向/很高"]
    assert [each.tag.name for each in await Tagging.of(customer.id)] == ["很高"]


async def test_what_is_deleted_there_goes_here_and_from_who_carries_it(
    wecom: Platform, meet: Meet, clock: Clock
) -> None:
    wecom.add("意向", "高", "低")
    wecom.add("等级", "VIP")
    await wecom.read()
    customer = await meet("张三")
    await carry(customer, "VIP", clock())
    await carry(customer, "高", clock())
    del wecom.tags["t-VIP"], wecom.groups["g-等级"]
    await wecom.read()
    assert await paths() == ["意向/低", "意向/高"]
    assert [group.name for group in await TagGroup.living()] == ["意向"]
    assert [each.tag.name for each in await Tagging.of(customer.id)] == ["高"]
    await wecom.read()
    assert await Binding.filter(account="wecom").count() == 3


async def test_an_empty_or_broken_answer_deletes_nothing(wecom: Platform) -> None:
    wecom.add("意向", "高", "低")
    await wecom.read()
    await wecom.read(library=Library())
    await wecom.read(library=Library(wecom.library.items[:1], complete=False))
    assert await paths() == ["意向/低", "意向/高"]


async def test_what_is_deleted_in_one_place_is_deleted_in_the_other(
    wecom: Platform, official: Platform, clock: Clock
) -> None:
    await made(wecom, "意向", "高", "低")
    clock.forward(minutes=1)
    wecom.add("意向", "高", "低")
    official.add("", "高", "低")
    await wecom.read()
    await official.carry_out()
    del wecom.tags["t-低"]
    await wecom.read()
    (edit,) = wecom.sent
    assert isinstance(edit, TagEdit)
    assert (edit.to.account, edit.edit, edit.remotes) == ("official", "delete", ("t-低",))
    await official.carry_out()
    await official.read()
    assert (await paths(), list(official.tags)) == (["意向/高"], ["t-高"])
    assert await Binding.all().count() == 3  # what was deleted was known until the listing proved it


async def test_where_we_win_what_was_deleted_there_is_made_anew(wecom: Platform, meet: Meet, clock: Clock) -> None:
    under(wecom, "ours")
    wecom.add("意向", "高", "低")
    await wecom.read()
    await carry(await meet("张三"), "高", clock())
    del wecom.tags["t-高"]
    await wecom.read()
    (edit,) = wecom.sent
    assert isinstance(edit, TagEdit)
    assert (edit.edit, edit.remote, [tag.name for tag in edit.tags]) == ("create", "g-意向", ["高"])
    assert await Tagging.all().count() == 1


async def test_a_renaming_of_ours_is_not_undone_by_what_was_read_before(wecom: Platform, clock: Clock) -> None:
    wecom.add("意向", "高")
    await wecom.read()
    clock.forward(minutes=1)
    await Tag.filter(name="高").update(name="很高")
    before = wecom.library
    async with transaction():
        await bindings.tell(wecom.context())
    await wecom.read(library=before)
    assert await paths() == ["意向/很高"]
    row = await Binding.get(level="tag")
    assert (row.agreed or {})["name"] == "高"
    assert row.sent


async def test_a_name_that_two_have_keeps_both_apart_and_is_told(wecom: Platform, hire: Hire) -> None:
    boss = await hire("经理", Role.MANAGER)
    wecom.add("意向", "高", "低")
    await wecom.read()
    await Tag.filter(name="低").update(name="一般")
    wecom.rename("高", "一般")
    await wecom.read()
    assert await paths() == ["意向/一般", "意向/一般"]
    told = [words(out.content) for out in wecom.sent if isinstance(out, OutboundMessage) and out.to == boss.address]
    assert "意向/一般" in told[0]
    assert await Tag.filter(gone_at=None).count() == 2


async def test_many_deletions_at_once_wait_for_a_manager(wecom: Platform, hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("经理", Role.MANAGER)
    wecom.add("意向", *(f"档{n}" for n in range(20)))
    await wecom.read()
    await carry(await meet("张三"), "档3", clock())
    for n in range(6):
        del wecom.tags[f"t-档{n}"]
    sync = await wecom.compare()
    assert (sync.part, sync.found["held"]) == ("held", 6)
    (alert,) = [out for out in wecom.sent if isinstance(out, OutboundMessage)]
    assert (alert.to, "少了 6 个标签（一共 20 个）" in words(alert.content)) == (boss.address, True)
    assert [button.data for button in getattr(alert.content, "buttons", ())] == ["sync allow wecom"]
    assert (len(await paths()), await Tagging.all().count()) == (20, 1)
    await wecom.read()
    assert wecom.sent == []  # it was told
    assert "同步 放行 wecom" in await boss.say("同步")
    boss.house = wecom.house
    assert "放行" in await boss.say("同步 放行 wecom")
    await wecom.read(run=(await Sync.get(account="wecom")).run)
    assert (len(await paths()), await Tagging.all().count()) == (14, 0)
    assert (await Sync.get(account="wecom")).part == "contacts"


async def test_what_was_allowed_is_so_much_and_no_more(wecom: Platform, hire: Hire) -> None:
    boss = await hire("经理", Role.MANAGER)
    wecom.add("意向", *(f"档{n}" for n in range(20)))
    await wecom.read()
    for n in range(6):
        del wecom.tags[f"t-档{n}"]
    await wecom.compare()
    await boss.say("sync allow wecom")
    for n in range(6, 15):
        del wecom.tags[f"t-档{n}"]
    await wecom.read(run=(await Sync.get(account="wecom")).run)
    assert (len(await paths()), (await Sync.get(account="wecom")).part) == (20, "held")


async def test_five_may_always_go(wecom: Platform) -> None:
    wecom.add("意向", *(f"档{n}" for n in range(8)))
    await wecom.read()
    for n in range(5):
        del wecom.tags[f"t-档{n}"]
    await wecom.read()
    assert len(await paths()) == 3
