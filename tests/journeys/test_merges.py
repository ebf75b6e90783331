"""One person on several channels: joined by themselves, by an administrator, and separated again, in both chats."""

import re
from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from models.customers import Customer, Identity
from models.merges import Merge
from models.messages import Message
from tests.journeys.town import Town

CHEN = "oSandboxCustomer00000000001"
LIU = "wmSandboxContact0000000000001"
UNIONID = "oSandboxUnion00000000000001"
MIA, LEO = 50001, 50002
MANAGER = "20005"
CODE = re.compile(r"(确认|confirm) \w{4}$", re.MULTILINE)

Says = Callable[[str], Awaitable[str]]


async def confirmed(says: Says, typed: str) -> str:
    """What is read after the code of the preview was typed."""
    preview = await says(typed)
    found = CODE.search(preview)
    assert found, preview
    return await says(found.group())


async def alive() -> list[int]:
    return [row.id for row in await Customer.filter(merged_into_id=None).order_by("id")]


async def on_two_channels(town: Town) -> None:
    await town.telegram.user_says(MIA, "Is the X200 in stock?", first_name="Mia")
    await town.settled()
    await town.wechat.user_says(CHEN, "X200 有货吗")
    await town.settled()


@pytest.mark.parametrize("chat", ["telegram", "wecom"])
async def test_an_administrator_joins_separates_and_takes_out(town: Town, chat: str) -> None:
    says = town.staff_says if chat == "telegram" else town.member_says
    await on_two_channels(town)
    assert "M1 合并好了：C2 已并入 C1 Mia" in await confirmed(says, "合并 C1 C2")
    town.clock.forward(seconds=5)
    await town.wechat.user_says(CHEN, "还在吗")
    await town.settled()
    assert {row.customer_id for row in await Message.all()} == {1}
    await says("回复 C1 有货，今天能发")
    assert town.wechat_texts(CHEN)[-1] == "有货，今天能发"
    assert "又是两位客户" in await confirmed(says, "撤销合并 M1")
    assert [line.text for line in await Message.filter(customer_id=2, direction="in").order_by("id")] == [
        "X200 有货吗",
        "还在吗",
    ]
    await says("语言 英文")
    assert "M2 done: C1 Mia Novak is now part of C2 Mia Novak" in await confirmed(says, "merge C2 C1")
    assert "two customers again" in await confirmed(says, "unmerge M2")
    assert "M3 done" in await confirmed(says, "merge C1 C2")
    assert "is now a customer of its own" in await confirmed(says, "unlink C1 wechat")
    assert await alive() == [1, 3]
    assert (await Identity.get(customer_id=3)).external_id == CHEN
    await says("lang zh")
    assert "M5 合并好了" in await confirmed(says, "合并 C1 C3")
    assert "单独一位客户" in await confirmed(says, "解除 C1 公众号")


async def test_a_follower_who_is_added_in_wecom_is_joined_by_themselves(town: Town) -> None:
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    town.wechat.add_user(CHEN).unionid = UNIONID
    await town.wechat.follow(CHEN)
    await town.settled()
    await town.wecom.add_contact("wangfang", LIU, "刘洋", unionid=UNIONID)
    await town.settled()
    assert await alive() == [1]
    assert await Identity.filter(customer_id=1).count() == 2
    assert (await Customer.get(id=1)).name == "刘洋"
    assert "M1 自动合并：C2 刘洋 已并入 C1 刘洋" in town.wecom_texts("wangfang")[-1]
    assert "又是两位客户" in await confirmed(town.staff_says, "撤销合并 M1")
    assert (await Merge.get()).cause == "unionid"


async def test_a_shared_number_joins_and_an_owner_who_would_lose_is_asked_about(town: Town) -> None:
    await town.hire("韩梅梅", Role.MANAGER, telegram=MANAGER)
    wang = await town.hire("王芳", Role.SALES, wecom="wangfang")
    for who in (MIA, LEO):
        await town.telegram.user_says(who, "hello", first_name="Mia")
        await town.settled()
        await town.telegram.user_sends(who, "own_contact", phone_number="8613800001234")
        await town.settled()
    assert await alive() == [1]
    assert any("客户自己发来的手机号两边一样" in text for text in town.telegram_texts(MANAGER))
    await confirmed(town.staff_says, "撤销合并 M1")
    await Customer.filter(id=1).update(owner_id=wang.id)
    await Customer.filter(id=2).update(owner_id=1)
    preview = await town.staff_says("合并 C1 C2")
    assert "要另一位经理批准" in preview
    found = CODE.search(preview)
    assert found
    await town.staff_says(found.group())
    assert await alive() == [1, 2]
    await town.staff_says("批准 M2", MANAGER)
    assert await alive() == [1]
    assert "合并好了" in town.telegram_texts()[-1]


async def test_a_number_from_america_is_not_taken_for_a_chinese_one(town: Town) -> None:
    for who, number in ((MIA, "8613125551234"), (LEO, "13125551234")):
        await town.telegram.user_says(who, "hello")
        await town.settled()
        await town.telegram.user_sends(who, "own_contact", phone_number=number)
        await town.settled()
    assert await alive() == [1, 2]
    assert [row.phone for row in await Customer.all().order_by("id")] == ["+8613125551234", "+13125551234"]
