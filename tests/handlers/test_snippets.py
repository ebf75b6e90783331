"""Here lives what colleagues do with quick replies: keep, read, send, change and delete them."""

from collections.abc import Awaitable, Callable

import pytest

from bot.database import transaction
from domain.permissions import Role
from models.customers import Customer
from models.messages import Message
from models.snippets import Snippet
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def test_a_quick_reply_is_kept_byte_for_byte_and_sent(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", company="星辰科技")
    assert await phone.say("话术 加 报价\n　“{客户}”您好，\n\n我是{我}，给{公司}的 ") == (
        "记下了，用的时候发：话术 报价 C12"
    )
    assert (await Snippet.get()).text == "　“{客户}”您好，\n\n我是{我}，给{公司}的 "
    answer = await phone.say(f"话术 报价 {customer.short_id}")
    assert answer.startswith(f"好，正在发给 {customer.short_id} 张三：\n")
    said = await Message.get(direction="out")
    assert said.text == "　“张三”您好，\n\n我是李雷，给星辰科技的 "
    assert said.staff_id == (await Staff.get()).id


async def test_what_is_missing_is_asked_for(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    assert "接下来发的这条会原样记下" in await phone.say("话术 加 报价")
    assert "记下了" in await phone.say(" {客户}，\n“好” ")
    assert (await Snippet.get()).text == " {客户}，\n“好” "
    assert "发给谁" in await phone.say("话术 报价")
    assert "正在发给" in await phone.say(customer.short_id)
    assert (await Message.get()).text == " 张三，\n“好” "


async def test_a_customer_is_meant_by_name_or_chosen_by_number(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三")
    second = await meet("张三丰")
    await phone.say("话术 加 好 您好")
    offered = await phone.say("话术 好 张三")
    assert "2. " in offered
    number = next(line[0] for line in offered.splitlines() if second.short_id in line)
    assert f"正在发给 {second.short_id} 张三丰" in await phone.say(number)
    assert f"正在发给 {second.short_id}" in await phone.say("话术 好 张三丰")
    assert [message.text for message in await Message.all()] == ["您好", "您好"]


async def test_a_colleagues_customer_gets_nothing(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    phone = await hire("李雷")
    customer = await meet("张三", owner="韩梅梅")
    await phone.say("话术 加 好 您好")
    answer = await phone.say(f"话术 好 {customer.short_id}")
    assert "韩梅梅" in answer
    assert "您好" not in answer
    assert await Message.all().count() == 0


async def test_the_list_has_pages_and_numbers(hire: Hire) -> None:
    phone = await hire("李雷")
    assert "这里没有话术" in await phone.say("话术")
    for number in range(1, 9):
        await phone.say(f"话术 加 第{number} 第{number}句\n{'很长' * 20}")
    first = await phone.say("话术")
    assert len(first.splitlines()) == 8
    assert first.splitlines()[1].startswith("1. 第1：第1句 很长")
    assert first.endswith("发 更多")
    assert "第7" in await phone.say("更多")
    assert "「第8」发给谁" in await phone.say("2")


async def test_only_the_author_and_managers_change_and_delete(hire: Hire) -> None:
    author, other, boss = await hire("李雷"), await hire("小王"), await hire("韩梅梅", Role.MANAGER)
    await author.say("话术 加 报价 一")
    for typed in ("话术 加 报价 二", "话术 删 报价"):
        assert await other.say(typed) == "「报价」是 李雷 写的，只有 李雷 和经理能改、能删。"
    assert (await Snippet.get()).text == "一"
    assert await boss.say("话术 加 报价 三") == "改好了，用的时候发：话术 报价 C12\n原来（李雷 写的）是：\n一"
    assert await author.say("话术 看 报价") == "话术「报价」（李雷 写的）：\n三"
    assert await author.say("话术 删 报价") == "话术「报价」删掉了，原来是：\n三"
    assert "没有叫「报价」的话术" in await boss.say("话术 删 报价")


async def test_whose_author_is_forgotten_is_the_managers(hire: Hire) -> None:
    other, boss = await hire("小王"), await hire("韩梅梅", Role.MANAGER)
    await boss.say("话术 加 报价 一")
    await Snippet.all().update(staff_id=None)
    assert await other.say("话术 删 报价") == "「报价」只有经理能改、能删。"
    assert "改好了" in await boss.say("话术 加 报价 二")
    assert (await Snippet.get().select_related("staff")).staff.name == "韩梅梅"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("话术 加 报价 您好{价格}", "没有「价格」可以填"),
        ("话术 加 报价 {客户", "花括号少了一半"),
        ("话术 加 C12 您好", "不能当话术的名字"),
        ("话术 加", "后面还差内容"),
        ("话术 问候 C12", "没有叫「问候」的话术"),
        ("话术 看 问候", "没有叫「问候」的话术"),
    ],
)
async def test_mistakes_teach(hire: Hire, typed: str, told: str) -> None:
    assert told in await (await hire("李雷")).say(typed)
    assert await Snippet.all().count() == 0


@pytest.mark.parametrize(
    "typed", ["话术 {}", "话术 {} C1", "话术 C1 {}", "话术 看 {}", "话术 删 {}", "snippets {} 张三"]
)
async def test_what_is_too_long_for_a_name_is_the_name_of_none(hire: Hire, meet: Meet, typed: str) -> None:
    phone = await hire("李雷")
    await meet("张三")
    for most, offered in ((32, True), (33, False), (4_000, False)):
        answer = await phone.say(typed.format("长" * most))
        assert answer.startswith(f"没有叫「{'长' * 31}")
        assert len(answer) < 100
        assert ("话术 加" in answer) is offered
    await phone.say("语言 英文")
    assert (await phone.say(typed.format("x" * 40))).endswith("to see them all.")


async def test_viewers_have_none(hire: Hire) -> None:
    assert "要销售以上" in await (await hire("小王", Role.VIEWER)).say("话术")


async def test_of_two_who_take_a_name_at_once_one_has_it(hire: Hire, clock: Clock) -> None:
    await hire("李雷")
    await hire("小王")
    first, second = await Staff.all().order_by("id")
    kept = await overlapping(
        lambda: Snippet.keep("报价", "一", first, clock(), anybodys=False),
        lambda: Snippet.keep("报价", "二", second, clock(), anybodys=False),
    )
    assert kept == (True, False)
    assert (await Snippet.get()).text == "一"


async def test_of_two_who_delete_at_once_one_did(hire: Hire, clock: Clock) -> None:
    await hire("李雷")
    staff = await Staff.get()
    async with transaction():
        await Snippet.keep("报价", "一", staff, clock(), anybodys=False)
    gone = await overlapping(
        lambda: Snippet.drop("报价", staff, anybodys=False), lambda: Snippet.drop("报价", staff, anybodys=True)
    )
    assert gone == (True, False)
