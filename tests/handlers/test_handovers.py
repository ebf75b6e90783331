"""Here lives how colleagues stand in for each other: who may say so, who hears the customer then, who is told."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Address, Button, Card, Image, Other, OutboundMessage, Text, words
from domain.permissions import Role
from handlers.context import House
from models.changes import Change
from models.customers import Customer, Identity
from models.messages import Message
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone, heard
from tests.handlers.test_races import said
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


def told(phone: Phone, to: Phone) -> str:
    """What somebody else was told by what was done last at `phone`."""
    sent = [out for out in phone.sent if isinstance(out, OutboundMessage) and out.to == to.address]
    return "\n".join(words(out.content) for out in sent)


async def behind(customer: Customer, house: House, clock: Clock) -> Phone:
    identity = await Identity.get(customer_id=customer.id)
    return Phone(Address(identity.account, identity.external_id), clock, house)


async def test_the_owner_names_a_stand_in_who_hears_and_answers_until_handed_back(
    hire: Hire, meet: Meet, house: House, clock: Clock
) -> None:
    owner, mei = await hire("李雷"), await hire("韩梅梅")
    customer = await meet("张三", owner="李雷", phone="+8613800001234")
    number, chat = customer.short_id, await behind(customer, house, clock)
    assert "是 李雷 在跟的客户" in await mei.say(f"看 {number}")
    assert await owner.say(f"接手 {number} @韩梅梅") == (
        f"{number} 张三 现在由 韩梅梅 代跟，客户的消息先发给 韩梅梅。\n要收回发：交回 {number}"
    )
    assert told(owner, mei).startswith(f"李雷 请你代跟 {number} 张三：客户的消息会发给你")
    assert "电话 13800001234 · 李雷 在跟（韩梅梅 代跟）" in await mei.say(f"看 {number}")
    await chat.meet(said(chat, Text("在吗")))
    assert (told(chat, owner), "在吗" in told(chat, mei)) == ("", True)
    assert "正在发给" in await mei.say(f"回复 {number} 在的")
    mine = await Staff.get(name="韩梅梅")
    assert (await Message.get(direction="out")).staff_id == mine.id
    assert await mei.say(f"交回 {number}") == f"{number} 张三 的代跟结束了，客户的消息又发给 李雷 了。"
    assert told(mei, owner) == f"韩梅梅 结束了 {number} 张三 的代跟，客户的消息又发给你了。"
    assert "是 李雷 在跟的客户" in await mei.say(f"看 {number}")
    await chat.meet(said(chat, Text("还在吗")))
    assert ("还在吗" in told(chat, owner), told(chat, mei)) == (True, "")
    trail = await Change.filter(field="attendant_id").order_by("id")
    assert [change.new for change in trail] == [str(mine.id), ""]


async def test_a_manager_stands_in_for_a_member_of_the_team(hire: Hire, meet: Meet) -> None:
    owner, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    customer = await meet("张三", owner="李雷")
    number = customer.short_id
    assert (await boss.say(f"takeover {number}")).startswith(
        f"好，{number} 张三 现在由你代跟（李雷 的客户）：客户的消息会发给你，你可以直接回。"
    )
    assert told(boss, owner).startswith(f"{number} 张三 现在由 老板 代跟，客户的消息先发给 老板。")
    assert await owner.say(f"交回 {number}") == f"{number} 张三 的代跟结束了，客户的消息又发给你了。"
    assert told(owner, boss) == f"李雷 结束了 {number} 张三 的代跟，客户的消息又发给 李雷 了。"


async def test_a_manager_arranges_a_stand_in_and_both_are_told(hire: Hire, meet: Meet) -> None:
    owner, mei = await hire("Lucy", language="en"), await hire("韩梅梅")
    boss = await hire("老板", Role.MANAGER)
    number = (await meet("张三", owner="Lucy")).short_id
    assert "现在由 韩梅梅 代跟" in await boss.say(f"接手 {number} @hanmeimei")
    assert told(boss, mei).startswith(f"老板 请你代跟 {number} 张三（Lucy 的客户）：")
    assert told(boss, owner).startswith(f"老板 has 韩梅梅 stand in for you with {number} 张三: ")
    cards = [out.content for out in boss.sent if isinstance(out, OutboundMessage) and isinstance(out.content, Card)]
    assert [(button.label, button.data) for card in cards for button in card.buttons] == [("回复", f"reply {number}")]
    await boss.say(f"交回 {number}")
    assert "老板 结束了" in told(boss, mei)
    assert told(boss, owner).endswith("what the customer writes goes to you again.")


async def test_who_may_not_take_over_learns_whom_to_ask(hire: Hire, meet: Meet) -> None:
    await hire("李雷")
    mei, viewer = await hire("韩梅梅"), await hire("小王", Role.VIEWER)
    customer = await meet("张三", owner="李雷")
    number = customer.short_id
    asked = f"{number} 是 李雷 在跟的客户，要 李雷 或经理发：接手 {number} @韩梅梅"
    assert await mei.say(f"接手 {number}") == await mei.say(f"接手 {number} @韩梅梅") == asked
    assert "要销售以上" in await viewer.say(f"接手 {number}")
    assert "是 李雷 在跟的客户" in await mei.say(f"交回 {number}")
    boss = await hire("老板", Role.MANAGER)
    await Staff.filter(name="老板").update(team="华北")
    await Staff.filter(name="韩梅梅").update(team="华北")
    assert "是 李雷 在跟的客户" in await boss.say(f"接手 {number}")
    assert (await Customer.get()).attendant_id is None


async def test_a_stand_in_gives_to_nobody_else(hire: Hire, meet: Meet) -> None:
    owner, mei = await hire("李雷"), await hire("韩梅梅")
    await hire("小红")
    number = (await meet("张三", owner="李雷")).short_id
    await owner.say(f"接手 {number} @韩梅梅")
    assert "要 李雷 或经理发" in await mei.say(f"接手 {number} @小红")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("接手 {}", "{} 本来就是 李雷 在跟，不用接手。请同事代跟就发：接手 {} @同事"),
        ("接手 {} @李雷", "{} 本来就是 李雷 在跟，不用接手。请同事代跟就发：接手 {} @同事"),
        ("接手 {} @小王", "小王 是只读，不能代跟客户。"),
        ("接手 {} @nobody", "没有"),
        ("交回 {}", "{} 现在没有人代跟，就是 李雷 在跟。"),
    ],
)
async def test_what_makes_no_sense_is_said(hire: Hire, meet: Meet, typed: str, answer: str) -> None:
    owner = await hire("李雷")
    await hire("小王", Role.VIEWER)
    number = (await meet("张三", owner="李雷")).short_id
    assert answer.replace("{}", number) in await owner.say(typed.format(number))
    assert (await Customer.get()).attendant_id is None


async def test_nobodys_customer_is_claimed_and_not_taken_over(hire: Hire, meet: Meet) -> None:
    phone, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    number = (await meet("张三")).short_id
    for who in (phone, boss):
        assert await who.say(f"接手 {number}") == f"{number} 还没人跟，不用接手。想跟就发：领 {number}"
    assert await boss.say(f"交回 {number}") == f"{number} 现在没有人代跟。"


async def test_who_is_attended_already_is_handed_back_first(hire: Hire, meet: Meet) -> None:
    owner = await hire("李雷")
    await hire("韩梅梅")
    boss = await hire("老板", Role.MANAGER)
    number = (await meet("张三", owner="李雷")).short_id
    await owner.say(f"接手 {number} @韩梅梅")
    attended = f"{number} 已经由 韩梅梅 代跟了。要换人先发：交回 {number}"
    for who, typed in ((boss, "接手 {}"), (owner, "接手 {}"), (owner, "接手 {} @韩梅梅")):
        assert await who.say(typed.format(number)) == attended


async def test_a_stand_in_who_left_is_replaced_and_an_owner_who_left_is_not_told(hire: Hire, meet: Meet) -> None:
    owner, mei = await hire("李雷"), await hire("韩梅梅")
    boss = await hire("老板", Role.MANAGER)
    number = (await meet("张三", owner="李雷")).short_id
    await owner.say(f"接手 {number} @韩梅梅")
    await Staff.filter(name__in=["李雷", "韩梅梅"]).update(active=False)
    assert "现在由你代跟" in await boss.say(f"接手 {number}")
    assert told(boss, owner) == told(boss, mei) == ""
    assert "的代跟结束了" in await boss.say(f"交回 {number}")
    assert told(boss, owner) == ""


async def test_of_two_who_take_over_at_once_one_does_and_the_other_learns_who(hire: Hire, meet: Meet) -> None:
    await hire("李雷")
    one, other = await hire("王经理", Role.MANAGER), await hire("赵经理", Role.MANAGER)
    customer = await meet("张三", owner="李雷")
    number = customer.short_id
    first, second = await overlapping(lambda: one.say(f"接手 {number}"), lambda: other.say(f"接手 {number}"))
    assert "现在由你代跟" in first
    assert second == f"{number} 已经由 王经理 代跟了。要换人先发：交回 {number}"
    assert (await Customer.get()).attendant_id == (await Staff.get(name="王经理")).id
    assert await Change.filter(field="attendant_id").count() == 1


async def test_of_two_who_hand_back_at_once_one_does(hire: Hire, meet: Meet) -> None:
    owner, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    number = (await meet("张三", owner="李雷")).short_id
    await boss.say(f"接手 {number}")
    answers = await overlapping(lambda: owner.say(f"交回 {number}"), lambda: boss.say(f"交回 {number}"))
    assert "结束了" in answers[0]
    assert "现在没有人代跟" in answers[1]


async def test_what_a_customer_sends_has_the_way_to_answer(hire: Hire, meet: Meet, house: House, clock: Clock) -> None:
    owner = await hire("李雷")
    customer = await meet("张三", owner="李雷")
    chat = await behind(customer, house, clock)
    await heard(customer, Text("在吗"), clock())
    await chat.meet(said(chat, Text("多少？\n两件")))
    [alert] = [out.content for out in chat.sent if isinstance(out, OutboundMessage) and out.to == owner.address]
    assert isinstance(alert, Card)
    assert (alert.title, alert.text) == (
        f"{customer.short_id} 张三（公众号）说：",
        f"多少？\n两件\n要回就发：回复 {customer.short_id} 内容",
    )
    assert alert.buttons == (Button("回复", f"reply {customer.short_id}"),)
    assert "原样发给" in await owner.press(alert.buttons[0].data)
    await owner.say("一百")
    assert (await Message.get(direction="out")).text == "一百"


async def test_what_is_not_text_is_named_and_answered_in_the_keepers_language(
    hire: Hire, meet: Meet, house: House, clock: Clock
) -> None:
    owner = await hire("Lucy", language="en")
    customer = await meet("Mia", owner="Lucy")
    chat = await behind(customer, house, clock)
    for content, line in (
        (Image("m", caption="this one"), "[photo] this one"),
        (Other("sticker", "👍"), "[sticker] 👍"),
    ):
        await chat.meet(said(chat, content))
        [alert] = [out.content for out in chat.sent if isinstance(out, OutboundMessage) and out.to == owner.address]
        assert isinstance(alert, Card)
        assert alert.text.splitlines() == [line, f"To answer: reply {customer.short_id} TEXT"]
        assert [button.label for button in alert.buttons] == ["Reply"]
