"""What is gone on a platform goes here, too: managers are told, and asked before it is much, also by and by."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from channels import tag_limits
from domain.messages import OutboundMessage, words
from domain.permissions import Role
from domain.tags import TagRules
from handlers.context import House
from models.changes import Actor
from models.customers import Customer
from models.sync import Sync
from models.tags import Tag, Tagging
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.readings import Platform

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
def house(house: House) -> House:
    limits = tag_limits("wecom")
    assert limits
    return replace(house, tags={"wecom": TagRules(limits)})


@pytest.fixture
async def wecom(house: House, clock: Clock) -> Platform:
    made = Platform(house, clock)
    made.add("意向", *(f"档{n}" for n in range(20)))
    await made.read()
    return made


@pytest.fixture
async def boss(wecom: Platform, hire: Hire) -> Phone:
    phone = await hire("经理", Role.MANAGER)
    phone.house = wecom.house
    return phone


def told(wecom: Platform, phone: Phone) -> list[str]:
    """What they read because of the last event."""
    return [words(out.content) for out in wecom.sent if isinstance(out, OutboundMessage) and out.to == phone.address]


async def lose(wecom: Platform, *numbers: int) -> None:
    for number in numbers:
        del wecom.tags[f"t-档{number}"]
    await wecom.read()


async def living() -> int:
    return len(await Tag.living())


async def carried(meet: Meet, clock: Clock) -> None:
    """Two customers have two of the tags."""
    for name in ("张三", "李四"):
        tags = await Tag.filter(name__in=["档1", "档2"]).select_related("group")
        customer = await meet(name)
        await Tagging.give([(customer.id, tag) for tag in tags], "staff", Actor(None, "test", clock()))


async def test_managers_who_are_asked_read_who_would_lose_a_tag(
    wecom: Platform, boss: Phone, hire: Hire, meet: Meet, clock: Clock
) -> None:
    lucy = await hire("Lucy", Role.MANAGER, language="en")
    await carried(meet, clock)
    await lose(wecom, *range(7))
    assert told(wecom, boss)[0].splitlines()[1] == "意向/档0、意向/档1、意向/档2 等，2 位客户带着"
    assert told(wecom, lucy)[0].splitlines()[1] == "意向/档0, 意向/档1, 意向/档2 …, carried by 2 customers"


async def test_managers_read_what_went_and_who_carried_it(
    wecom: Platform, boss: Phone, hire: Hire, meet: Meet, clock: Clock
) -> None:
    lucy = await hire("Lucy", Role.MANAGER, language="en")
    await carried(meet, clock)
    await lose(wecom, 0, 1, 2, 3)
    (read,), (heard,) = told(wecom, boss), told(wecom, lucy)
    assert read.splitlines() == [
        "企业微信「wecom」上删了 4 个标签，这边也删了",
        "意向/档0、意向/档1、意向/档2 等",
        "带着的 2 位客户都去掉了",
    ]
    assert heard.splitlines() == [
        'WeCom "wecom": 4 tags were deleted there, so here, too',
        "意向/档0, 意向/档1, 意向/档2 …",
        "2 customers who carried them have lost them",
    ]
    await lose(wecom, 5)
    assert told(wecom, boss)[0].splitlines()[1:] == ["意向/档5", "没有客户带着"]
    assert told(wecom, lucy)[0].splitlines()[2] == "No customer carried it"
    await wecom.read()
    assert wecom.sent == []


async def test_what_goes_one_by_one_is_held_as_if_it_went_at_once(wecom: Platform, boss: Phone, hire: Hire) -> None:
    lucy = await hire("Lucy", Role.MANAGER, language="en")
    for number in range(5):
        await lose(wecom, number)
    assert await living() == 15
    await lose(wecom, 5)
    assert told(wecom, boss)[0].splitlines()[:3] == [
        "企业微信「wecom」又少了 1 个标签（这一小时已经删了 5 个，一共 20 个）",
        "意向/档5",
        "加起来太多了，这些先没动，这边的标签和客户都还在",
    ]
    assert 'WeCom "wecom" lacks 1 more of 20 tags, 5 went within the hour' in told(wecom, lucy)[0]
    await lose(wecom, 6)
    assert (await living(), len(told(wecom, boss))) == (15, 1)
    await lose(wecom, 7)
    assert told(wecom, boss) == []  # they are told again when it has doubled
    assert "那边少了 3 个标签，先没动" in await boss.say("同步")
    assert "企业微信：那边已经没有了，等经理放行" in await boss.say("标签 档5")
    lucy.house = wecom.house
    assert "WeCom: gone there, a manager has to allow it here" in await lucy.say("tags 档7")
    assert "企业微信：已同步" in await boss.say("标签 档8")


async def test_a_little_at_a_time_over_hours_is_not_held(wecom: Platform, clock: Clock) -> None:
    for number in range(7):
        await lose(wecom, number)
        clock.forward(minutes=15)
    assert await living() == 13


async def test_what_is_held_waits_for_a_manager_through_the_hour_and_the_night(
    wecom: Platform, boss: Phone, clock: Clock
) -> None:
    for number in range(6):
        await lose(wecom, number)
    clock.forward(hours=9)
    await wecom.read()
    assert (await wecom.compare()).part == "held"
    assert await living() == 15
    await boss.say("同步 放行")
    await wecom.read(run=(await Sync.get(account="wecom")).run)
    assert (await living(), await Sync.missing()) == (14, set())
    await lose(wecom, *range(6, 11))
    assert await living() == 9  # what a manager has allowed counts for nothing any more


async def test_no_more_goes_than_managers_were_told_of(wecom: Platform, boss: Phone) -> None:
    await lose(wecom, *range(6))
    await lose(wecom, *range(6, 11))
    assert told(wecom, boss) == []
    await boss.say("同步 放行")
    await wecom.read(run=(await Sync.get(account="wecom")).run)
    assert await living() == 20
    assert "少了 11 个标签" in told(wecom, boss)[0]


async def test_a_dry_run_tells_what_would_be_held_and_leaves_it_held(wecom: Platform, boss: Phone) -> None:
    for number in range(6):
        await lose(wecom, number)
    await boss.say("同步 预演")
    sync = await Sync.get(account="wecom")
    await wecom.read(run=sync.run, dry=True)
    await wecom.page(dry=True)
    assert "会删 1 个标签，太多了" in told(wecom, boss)[0]
    assert "那边已经没有了" in await boss.say("标签 档5")
    assert "放行" in await boss.say("同步 放行")
    await wecom.read(run=sync.run + 1)
    assert await living() == 14
