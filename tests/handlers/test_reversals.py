"""A colleague takes back what they last did to customers' tags, as far as nobody changed it since."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Address
from domain.permissions import Role
from models.changes import Actor
from models.customers import Customer
from models.staff import Staff, StaffAccount
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.test_customers import pressable
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
NOTHING = "最近 24 小时里没有可以撤销的打标。"


@pytest.fixture
async def tags(database: str, clock: Clock) -> list[Tag]:
    group = await TagGroup.create(name="等级", created_at=clock())
    return [await Tag.create(group=group, name=name, created_at=clock()) for name in ("VIP", "试用", "老客")]


@pytest.fixture
async def lilei(hire: Hire, meet: Meet, tags: list[Tag]) -> Phone:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    await meet("李四", owner="李雷")
    assert tags
    return phone


async def carried(customer_id: int = 1) -> list[str]:
    return [each.tag.name for each in await Tagging.of(customer_id)]


async def test_what_was_given_and_taken_is_as_before(lilei: Phone) -> None:
    await lilei.say("打标 C1 +试用")
    await lilei.say("打标 C1 C2 +VIP -试用")
    assert (await lilei.say("撤销")).splitlines() == [
        "2 位客户撤销了上次打标（再发 撤销 就改回来）：",
        "C1 张三 ＋试用 －VIP",
        "C2 李四 －VIP",
    ]
    assert (await carried(1), await carried(2)) == (["试用"], [])


async def test_taking_back_can_be_taken_back(lilei: Phone) -> None:
    await lilei.say("打标 C1 +VIP")
    assert [button[0] for button in pressable(lilei)] == ["撤销"]
    await lilei.say("撤销")
    assert [button[0] for button in pressable(lilei)] == ["恢复"]
    assert "＋VIP" in await lilei.say("撤销")
    assert await carried() == ["VIP"]
    assert "－VIP" in await lilei.say("撤销")


async def test_a_button_takes_back_its_own_command_once(lilei: Phone) -> None:
    await lilei.say("打标 C1 +VIP")
    first = pressable(lilei)[0][1]
    await lilei.say("打标 C1 +试用")
    assert (await lilei.press(first)).splitlines() == ["C1 张三 撤销了上次打标（再发 撤销 就改回来）：", "－VIP"]
    assert await carried() == ["试用"]
    again = await lilei.say(first)
    assert again.splitlines() == ["上次打标后来都变了，没有可以撤销的：", "C1 的「等级/VIP」没动：后来又改过"]


async def test_what_somebody_changed_since_stays(hire: Hire, lilei: Phone, tags: list[Tag]) -> None:
    other = await hire("王经理", Role.MANAGER)
    await lilei.say("打标 C1 C2 +VIP +试用 +老客")
    await other.say("打标 C1 -VIP")
    await other.say("打标 C1 +VIP")
    await Tag.filter(id=tags[2].id).update(gone_at=lilei.clock())
    await Customer.filter(id=2).update(owner_id=(await Staff.get(name="王经理")).id)
    answer = await lilei.say("撤销")
    assert answer.splitlines() == [
        "C1 张三 撤销了上次打标（再发 撤销 就改回来）：",
        "－试用",
        "C1 的「等级/VIP」没动：后来又改过",
        "C1 的「等级/老客」没动：这个标签已经删了",
        "还有 3 处没动",
    ]
    assert await carried(2) == ["VIP", "试用"]


async def test_a_tag_that_was_merged_is_told_with_its_heir(lilei: Phone, tags: list[Tag]) -> None:
    await lilei.say("打标 C1 +老客 +试用")
    await Tag.end([tags[2].id], lilei.clock(), tags[0].id)
    heir = f"G{tags[0].id}"
    answer = await lilei.say("撤销")
    assert answer.splitlines()[1:] == ["－试用", f"C1 的「等级/老客」没动：这个标签已经并入 {heir}"]
    await lilei.say("lang en")
    await lilei.say("打标 C1 C2 +试用")
    await Tag.end([tags[1].id], lilei.clock(), tags[0].id)
    assert (await lilei.say("undo")).splitlines() == [
        "All of your last tagging was changed since; nothing is taken back:",
        f'C1 "等级/试用" stays: the tag was merged into {heir}',
        f'C2 "等级/试用" stays: the tag was merged into {heir}',
    ]


async def test_a_customer_who_was_merged_away_is_left_alone(lilei: Phone) -> None:
    await lilei.say("打标 C2 +VIP")
    await Customer.filter(id=2).update(merged_into_id=1)
    assert "C2 的「等级/VIP」没动：客户已经并给别人了" in await lilei.say("撤销")


async def test_only_ones_own_of_the_last_day(hire: Hire, lilei: Phone, clock: Clock) -> None:
    other = await hire("王经理", Role.MANAGER)
    assert await lilei.say("撤销") == NOTHING
    await lilei.say("打标 C1 +VIP")
    button = pressable(lilei)[0][1]
    assert await other.say("撤销") == NOTHING
    assert await other.say(button) == NOTHING
    clock.forward(hours=24, seconds=1)
    assert await lilei.say("撤销") == NOTHING
    assert await lilei.say(button) == NOTHING
    assert await carried() == ["VIP"]


async def test_what_was_no_tagging_is_not_taken_back(lilei: Phone, tags: list[Tag]) -> None:
    """Deleting a tag takes it from everybody, in the same trail."""
    await lilei.say("打标 C1 +VIP")
    await Tag.filter(id=tags[1].id).update(name="体验")
    staff = await Staff.get(name="李雷")
    loaded = await Tag.of([tags[1].id])
    await Tagging.give([(1, loaded[tags[1].id])], "staff", Actor(staff.id, "telegram:else", lilei.clock()))
    assert "－VIP" in await lilei.say("撤销")
    assert await carried() == ["体验"]


async def test_in_another_chat_it_is_the_same_persons(lilei: Phone, clock: Clock) -> None:
    await lilei.say("打标 C1 +VIP")
    address = Address("wecom", "lilei")
    await StaffAccount.bind(address, await Staff.get(name="李雷"), clock())
    assert "－VIP" in await Phone(address, clock, lilei.house).say("撤销")


@pytest.mark.parametrize("typed", ["撤销 全部", "撤销 ９x", "undo all"])
async def test_what_is_not_understood_is_explained(lilei: Phone, typed: str) -> None:
    await lilei.say("打标 C1 +VIP")
    assert "我没看懂" in await lilei.say(typed)
    assert await carried() == ["VIP"]


async def test_taken_back_twice_at_once_is_once_back_and_once_again(lilei: Phone) -> None:
    await lilei.say("打标 C1 +VIP")
    number = pressable(lilei)[0][1]
    both = await overlapping(lambda: lilei.say(number), lambda: lilei.say(number))
    assert "－VIP" in both[0]
    assert "没有可以撤销的" in both[1]
    assert await carried() == []
