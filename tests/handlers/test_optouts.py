"""Here lives what becomes of a customer who wants no more pushes: it is kept, answered, shown, and taken back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from domain.contacts import Profile
from domain.events import Chat, ContactAdded, MessageReceived, Sender
from domain.messages import Address, Content, Image, Text
from domain.permissions import Role
from models.customers import Customer, Identity
from models.messages import Message
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def fan(hire: Hire, meet: Meet, stranger: Phone) -> Phone:
    """A customer with a phone, known in Telegram."""
    await hire("李雷")
    customer = await meet("张三", account="telegram", owner="李雷")
    identity = await Identity.get(customer_id=customer.id)
    return replace(stranger, address=identity.address)


async def opted_out(phone: Phone) -> bool:
    return (await Identity.get(external_id=phone.address.id)).opted_out_at is not None


async def test_out_and_back(fan: Phone) -> None:
    answer = await fan.say("退订")
    assert "已退订" in answer
    assert "/start 或 订阅" in answer
    assert await opted_out(fan)
    at = (await Identity.get()).opted_out_at
    fan.clock.forward(days=1)
    assert "已经退订过了" in await fan.say("TD。")
    assert (await Identity.get()).opted_out_at == at
    assert "已恢复订阅" in await fan.say("订阅")
    assert not await opted_out(fan)
    assert await fan.say("订阅") == ""
    assert [line.text for line in await Message.filter(direction="in").order_by("id")] == [
        "退订",
        "TD。",
        "订阅",
        "订阅",
    ]
    assert await Message.filter(direction="out").count() == 3


@pytest.mark.parametrize(
    ("language", "word"), [("en", "unsubscribed"), ("en-US", "unsubscribed"), ("zh-hans", "退订"), ("fr", "退订")]
)
async def test_in_the_language_of_the_customer_or_the_house(fan: Phone, language: str, word: str) -> None:
    await Customer.all().update(language=language)
    assert word in await fan.say("/stop")
    assert await opted_out(fan)


async def test_a_keyword_in_it_is_no_keyword(fan: Phone) -> None:
    fan.house = replace(fan.house, keywords=((("退订", "价格"), "price"),))
    assert "已退订" in await fan.say("退订")
    assert await opted_out(fan)
    await fan.say("怎么退订")
    assert await Message.filter(direction="out").count() == 2


async def test_a_caption_is_no_such_word(fan: Phone) -> None:
    async def shows(content: Content) -> None:
        await fan.meet(MessageReceived(fan.clock(), Sender(fan.address), Chat(fan.address), content))

    await shows(Image("M1", caption="退订"))
    assert not await opted_out(fan)
    await shows(Text("退订"))
    assert await opted_out(fan)


async def test_who_begins_so_is_answered_so(stranger: Phone, hire: Hire) -> None:
    await hire("李雷")
    answer = await stranger.say("退订")
    assert "已退订" in answer
    assert await opted_out(stranger)


async def start(phone: Phone, source: str = "") -> str:
    return await phone.meet(ContactAdded(phone.clock(), phone.address, Profile(), source))


async def test_a_bare_start_is_a_way_back(fan: Phone) -> None:
    assert "恢复" not in await start(fan)
    await fan.say("退订")
    assert "恢复" not in await start(fan, "qr-7")
    assert await opted_out(fan)
    assert "已恢复订阅" in await start(fan)
    assert not await opted_out(fan)
    assert "恢复" not in await start(fan)


async def test_who_follows_an_official_account_again_is_still_out(fan: Phone, meet: Meet) -> None:
    customer = await meet("李四", account="official")
    phone = replace(fan, address=(await Identity.get(customer_id=customer.id)).address)
    assert "想恢复就回复：订阅" in await phone.say("td")
    await start(phone)
    assert await opted_out(phone)


async def test_what_waits_for_them_is_taken_back(fan: Phone, clock: Clock) -> None:
    identity = await Identity.get()
    place = {"staff_id": (await Staff.get()).id, "account": "telegram", "chat": "1", "language": "zh-CN"}
    push = await Push.drafted(Text("您好"), created_at=clock(), labels=[], accounts=[], values={}, **place)
    told = {"push_id": push.id, "customer_id": identity.customer_id, "identity_id": identity.id}
    row = await Recipient.create(account="telegram", address=identity.external_id, way="message", **told)
    await fan.say("退订")
    await row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "opted_out")


@pytest.mark.parametrize(("language", "word"), [("", "、已退订推送"), ("en", ", no pushes")])
async def test_colleagues_see_it(fan: Phone, hire: Hire, language: str, word: str) -> None:
    boss = await hire("韩梅梅", Role.MANAGER, language)
    customer = await Customer.get()
    assert word not in await boss.say(f"看 {customer.short_id}")
    await fan.say("退订")
    assert word in await boss.say(f"看 {customer.short_id}")


async def test_it_is_of_one_channel(fan: Phone, clock: Clock) -> None:
    customer = await Customer.get()
    other = await Identity.create(
        customer=customer, account="official", external_id="o-1", state_at=clock(), added_at=clock()
    )
    await fan.say("退订")
    assert (await Identity.get(id=other.id)).opted_out_at is None
    assert other.address == Address("official", "o-1")
