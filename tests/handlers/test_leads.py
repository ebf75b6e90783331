"""Whose a lead is: claimed once, put back, assigned; the customer and the lead never have two owners."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Card, OutboundMessage
from domain.permissions import Role, scope_of
from models.changes import Change
from models.customers import Customer
from models.leads import Lead
from models.search import find
from models.staff import Staff, StaffAccount
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def owners() -> tuple[str, str]:
    """Of the one customer and of their lead."""
    customer = await Customer.get().select_related("owner")
    lead = await Lead.get().select_related("owner")
    return (customer.owner.name if customer.owner else "", lead.owner.name if lead.owner else "")


def told(phone: Phone, to: Phone) -> list[OutboundMessage]:
    return [out for out in phone.sent if isinstance(out, OutboundMessage) and out.to == to.address]


def buttons(message: OutboundMessage) -> list[str]:
    return [button.data for button in message.content.buttons] if isinstance(message.content, Card) else []


@pytest.mark.parametrize("typed", ["领 L1", "claim L1", "领取 C1", "认领 张三", "take l1"])
async def test_a_free_lead_is_claimed(hire: Hire, meet: Meet, typed: str) -> None:
    phone = await hire("李雷")
    await meet("张三")
    answer = (await phone.say(typed)).splitlines()
    assert answer[0] == "L1 归你了：C1 张三 · 新线索"
    assert answer[-1] == "看名片：看 C1　聊过后发：跟进 L1 已联系 周三回电"
    assert buttons(told(phone, phone)[0]) == ["show C1", "talk C1", "release L1"]
    assert await owners() == ("李雷", "李雷")
    assert (await Lead.get()).claimed_at == phone.clock()


async def test_what_was_claimed_is_found_as_ones_own_and_by_nobody_else(hire: Hire, meet: Meet) -> None:
    phone, other = await hire("李雷"), await hire("韩梅梅")
    await meet("张三")
    await phone.say("领 L1")
    assert "C1 张三" in await phone.say("查 张三")
    assert "没找到" in await other.say("查 张三")
    staff = await Staff.get(name="韩梅梅")
    assert await find("张三", viewer=scope_of(Role.SALES, staff.id)) == []


async def test_claiming_ones_own_says_so(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    assert await phone.say("领 L1") == "L1（C1 张三）本来就是你在跟。"
    assert await Change.all().count() == 0


async def test_a_taken_lead_is_not_claimed_and_only_its_owner_is_told(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    sales, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await meet("张三", owner="韩梅梅", company="腾讯")
    assert await sales.say("领 L1") == "L1 已经是 韩梅梅 在跟了。想要的话请找 韩梅梅 或 韩梅梅 的经理。"
    assert await boss.say("领 L1") == "L1 已经是 韩梅梅 在跟了。要换人请发：分配 L1 @名字"
    assert await owners() == ("韩梅梅", "韩梅梅")


async def test_a_manager_of_another_team_is_not_told_to_assign(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    boss, english = await hire("老板", Role.MANAGER), await hire("Boss", Role.MANAGER, "en")
    await Staff.filter(role=Role.MANAGER).update(team="华南")
    await meet("张三", owner="韩梅梅")
    assert await boss.say("领 L1") == "L1 已经是 韩梅梅 在跟了。想要的话请找 韩梅梅 或 韩梅梅 的经理。"
    assert await english.say("claim L1") == "韩梅梅 has L1 already. Please talk to 韩梅梅 or their manager."
    assert await boss.say("看 C1") == "C1 是 韩梅梅 在跟的客户，内容只有 韩梅梅 和 韩梅梅 的经理能看。"
    await Staff.filter(name="韩梅梅").update(team="华南")
    assert (await boss.say("领 L1")).endswith("要换人请发：分配 L1 @名字")


async def test_nobody_is_sent_to_an_owner_who_left(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    sales, boss = await hire("李雷"), await hire("Boss", Role.MANAGER, "en")
    await meet("张三", owner="韩梅梅")
    await Staff.filter(name="韩梅梅").update(active=False)
    left = "L1 还在 韩梅梅 名下，但 韩梅梅 的账号已停用。"
    assert await sales.say("领 L1") == f"{left}想要的话请经理发：分配 L1 @李雷"
    assert await sales.say("接手 C1") == "C1 是 韩梅梅 在跟的客户，请经理发：接手 C1 @李雷"
    assert await boss.say("claim L1") == (
        "L1 is still 韩梅梅's, who does not work here any more. To give it to somebody else: assign L1 @name"
    )
    assert await owners() == ("韩梅梅", "韩梅梅")


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(hire: Hire, meet: Meet) -> None:
    lilei, hanmeimei = await hire("李雷"), await hire("韩梅梅", language="en")
    await meet("张三")
    first, second = await overlapping(lambda: lilei.say("领 L1"), lambda: hanmeimei.say("claim L1"))
    assert "归你了" in first
    assert second == "李雷 has L1 already. Please talk to 李雷 or their manager."
    assert await owners() == ("李雷", "李雷")
    assert await Change.filter(field="owner_id").count() == 2  # of the customer, and of the lead


async def test_every_field_is_in_the_trail_with_who_and_why(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三")
    await phone.say("领 L1")
    staff = await Staff.get(name="李雷")
    trail = await Change.filter(field="owner_id").order_by("id")
    assert [(row.subject, row.old, row.new) for row in trail] == [("C1", "", str(staff.id)), ("L1", "", str(staff.id))]
    assert {(row.staff_id, row.cause, row.customer_id) for row in trail} == {(staff.id, "telegram:k1", 1)}


async def test_several_of_one_name_are_told_apart_by_a_number(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    for _ in range(2):
        await meet("王芳")
    assert (await phone.say("领 王芳")).startswith("「王芳」有好几位")
    assert "归你了" in await phone.say("2")
    assert await Customer.exclude(owner_id=None).count() == 1


async def test_an_owner_puts_a_lead_back(hire: Hire, meet: Meet) -> None:
    phone, other = await hire("李雷"), await hire("韩梅梅")
    await meet("张三", owner="李雷")
    attendant = await Staff.get(name="韩梅梅")
    await Customer.filter(id=1).update(attendant_id=attendant.id)
    assert await phone.say("放 L1") == "L1 放回公海了：C1 张三\n谁想跟就发：领 L1"
    assert buttons(told(phone, phone)[0]) == ["claim L1"]
    assert await owners() == ("", "")
    customer, lead = await Customer.get(), await Lead.get()
    assert (customer.attendant_id, lead.claimed_at) == (None, None)
    assert await phone.say("放 L1") == "L1（C1 张三）本来就没人跟。想跟就发：领 L1"
    assert "归你了" in await other.press("claim L1")


async def test_nobody_puts_back_what_is_a_colleagues(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    phone = await hire("李雷")
    await meet("张三", owner="韩梅梅")
    assert "C1 是 韩梅梅 在跟的客户" in await phone.say("放 L1")
    await Customer.filter(id=1).update(attendant_id=(await Staff.get(name="李雷")).id)
    assert await phone.say("放 L1") == "C1 是 韩梅梅 的客户，只有 韩梅梅 和经理能放回公海。"
    assert await owners() == ("韩梅梅", "韩梅梅")


async def test_who_loses_a_lead_to_a_managers_decision_is_told(hire: Hire, meet: Meet) -> None:
    sales, boss = await hire("李雷", language="en"), await hire("老板", Role.MANAGER)
    await meet("Mia", owner="李雷")
    assert "放回公海了" in await boss.say("release L1")
    [alert] = told(boss, sales)
    assert "L1 (C1 Mia) is no longer yours: 老板 put it back in the pool." in str(alert.content)
    assert await owners() == ("", "")


@pytest.mark.parametrize("whom", ["@李雷", "李雷", "@lilei", "@LiLei", "@li", "＠李雷"])
async def test_a_manager_assigns_and_both_are_told(hire: Hire, meet: Meet, whom: str) -> None:
    boss, old, new = await hire("老板", Role.MANAGER), await hire("韩梅梅"), await hire("李雷", language="en")
    await meet("张三", owner="韩梅梅")
    await Lead.filter(id=1).update(first_words="多少钱")
    assert await boss.say(f"分配 L1 {whom}") == "L1 分给 李雷 了：C1 张三\n已通知 李雷。"
    assert await owners() == ("李雷", "李雷")
    [given], [lost] = told(boss, new), told(boss, old)
    assert isinstance(given.content, Card)
    assert given.content.title == "老板 gave you L1: C1 张三 · new"
    assert given.content.text == "First words: 多少钱\nTo look: show C1. To read: talk C1"
    assert [(button.label, button.data) for button in given.content.buttons] == [
        ("Card", "show C1"),
        ("Conversation", "talk C1"),
    ]
    assert "L1（C1 张三）不用你跟了：老板 改由 李雷 来跟。" in str(lost.content)


async def test_who_has_no_chat_is_told_by_the_manager(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    await hire("李雷")
    await StaffAccount.filter(staff__name="李雷").delete()
    await meet("张三")
    assert "李雷 还没绑定聊天账号" in await boss.say("分配 L1 @李雷")
    assert await owners() == ("李雷", "李雷")


async def test_assigning_to_oneself_and_to_the_owner(hire: Hire, meet: Meet) -> None:
    boss, old = await hire("老板", Role.MANAGER), await hire("李雷")
    await meet("张三", owner="李雷")
    assert await boss.say("分配 L1 @李雷") == "L1（C1 张三）本来就是 李雷 在跟。"
    assert (await boss.say("分配 L1 @老板")).startswith("L1 归你了：C1 张三")
    assert "不用你跟了：老板 自己来跟。" in str(told(boss, old)[0].content)
    assert len(boss.sent) == 2
    assert await boss.say("分配 L1 @老板") == "L1（C1 张三）本来就是你在跟。"


async def test_whom_a_lead_cannot_be_given_to(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    await hire("李雷")
    await hire("小观", Role.VIEWER)
    await Staff.filter(name="李雷").update(active=False)
    await meet("张三")
    assert "李雷 的账号已停用" in await boss.say("分配 L1 @李雷")
    assert "小观 是只读账号" in await boss.say("分配 L1 @小观")
    assert "没有叫「赵六」的同事" in await boss.say("分配 L1 @赵六")
    assert "要经理以上" in await (await hire("韩梅梅")).say("分配 L1 @老板")
    assert await owners() == ("", "")


async def test_a_manager_with_a_team_assigns_within_it(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    for name in ("李雷", "韩梅梅", "Lucy"):
        await hire(name)
    await Staff.filter(name__in=["老板", "李雷"]).update(team="东区")
    await meet("张三")
    assert await boss.say("分配 L1 @韩梅梅") == "韩梅梅 不在你的团队，只能分给自己团队的人。"
    assert "分给 李雷 了" in await boss.say("分配 L1 @李雷")
    await meet("Mia", owner="Lucy")
    assert "C2 是 Lucy 在跟的客户" in await boss.say("分配 L2 @李雷")
    assert "C2 是 Lucy 在跟的客户" in await boss.say("放 L2")


async def test_without_a_name_the_colleagues_are_offered(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    await hire("李雷")
    await hire("Emma Li")
    await hire("小观", Role.VIEWER)
    await meet("张三", owner="李雷")
    assert (await boss.say("分配 L1")).splitlines() == [
        "L1（C1 张三）分给谁？回数字，或发名字：",
        "1. 老板",
        "2. Emma Li",
        "不分了就发 取消",
    ]
    assert "分给 Emma Li 了" in await boss.say("2")
    await boss.say("分配 L1")
    assert "分给 李雷 了" in await boss.say("lilei")


async def test_of_two_assignments_at_once_the_last_stands_and_the_first_is_told(hire: Hire, meet: Meet) -> None:
    one, two = await hire("老板", Role.MANAGER), await hire("管理员", Role.ADMIN)
    lilei, hanmeimei = await hire("李雷"), await hire("韩梅梅")
    await meet("张三")
    await overlapping(lambda: one.say("分配 L1 @李雷"), lambda: two.say("分配 L1 @韩梅梅"))
    assert await owners() == ("韩梅梅", "韩梅梅")
    assert len(told(one, lilei)) == len(told(two, hanmeimei)) == 1
    assert "改由 韩梅梅 来跟" in str(told(two, lilei)[0].content)


async def test_who_merely_reads_claims_nothing(hire: Hire, meet: Meet) -> None:
    phone = await hire("小观", Role.VIEWER)
    await meet("张三")
    for typed in ("领 L1", "放 L1", "跟进 L1 已联系", "线索"):
        assert "要销售以上" in await phone.say(typed)
    assert await owners() == ("", "")


async def test_the_lead_of_a_customer_who_was_merged_is_the_one_of_whom_they_became(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    kept, merged = await meet("张三"), await meet("张三丰")
    await Customer.filter(id=merged.id).update(merged_into_id=kept.id)
    assert "L1 归你了：C1 张三" in await phone.say("领 L2")
    assert (await Customer.get(id=merged.id)).owner_id is None
