"""Here lives the proof that everybody's copy of a push has addresses of its own, and that opening one is known."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.database import transaction
from domain.errors import Refusal
from domain.links import Opening, opening_of
from domain.messages import Address, Content, Text, words
from domain.push_events import LinkOpened
from domain.pushes import PushRules
from domain.wording import Person
from handlers import router
from handlers.context import Context, House
from handlers.push_words import prepared
from models.behaviours import Behaviour
from models.customers import Customer
from models.links import Link
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.clock import Clock
from tests.racing import overlapping

Meet = Callable[..., Awaitable[Customer]]
Make = Callable[..., Awaitable[Push]]

KEY = b"k" * 32
ZHANG, LI = Person("张三"), Person("李四")


@pytest.fixture
def ctx(house: House, clock: Clock) -> Context:
    tracking = replace(house, push=PushRules(public_url="https://us.cn", link_key=KEY))
    return Context(clock(), clock(), clock(), tracking, "k1", Address("telegram", "1"), "zh-CN")


@pytest.fixture
def make(house: House, clock: Clock) -> Make:
    async def made(content: Content, **values: str) -> Push:
        staff = await Staff.first() or await Staff.create(name="韩梅梅", role="manager", created_at=clock())
        place = {"staff_id": staff.id, "account": "telegram", "chat": "1", "language": "zh-CN"}
        return await Push.drafted(content, labels=[], accounts=[], values=values, created_at=clock(), **place)

    return made


def code_in(content: Content) -> Opening | None:
    return opening_of(words(content).partition("https://us.cn/t/")[2], KEY)


async def test_everybodys_copy_is_their_own(make: Make, ctx: Context) -> None:
    push = await make(Text("{{ 客户 or '您' }}，{{ 折扣 }}：https://a.cn/x。"), 折扣="五折")
    ready = await prepared(push, ctx)
    link = await Link.get()
    assert (link.url, link.push_id) == ("https://a.cn/x", push.id)
    first, second, common = ready.content(ZHANG, 7), ready.content(LI, 8), ready.common()
    assert words(first).startswith("张三，五折：https://us.cn/t/")
    assert words(first).endswith("。")
    assert words(common).startswith("您，五折：https://us.cn/t/")
    assert [code_in(each) for each in (first, second, common)] == [Opening(link.id, number) for number in (7, 8, 0)]


async def test_links_are_kept_once(make: Make, ctx: Context) -> None:
    push = await make(Text("https://a.cn/x https://b.cn https://a.cn/x {{ 页面 }}"), 页面="https://c.cn/y")
    before = await prepared(push, ctx)
    assert await prepared(push, ctx) == before
    assert sorted(before.links) == ["https://a.cn/x", "https://b.cn", "https://c.cn/y"]
    assert await Link.all().count() == 3
    assert (await prepared(await make(Text("https://b.cn")), ctx)).links != before.links


async def test_of_two_who_prepare_at_once_both_have_the_same(make: Make, ctx: Context) -> None:
    push = await make(Text("https://a.cn/x https://b.cn"))
    first, second = await overlapping(lambda: prepared(push, ctx), lambda: prepared(push, ctx))
    assert first == second
    assert await Link.all().count() == 2


async def test_an_address_that_differs_by_person_is_let_be(make: Make, ctx: Context) -> None:
    ready = await prepared(await make(Text("https://a.cn/?n={{ 客户 }}&x")), ctx)
    assert words(ready.content(ZHANG, 7)) == "https://a.cn/?n=张三&x"


async def test_a_name_with_an_address_is_no_address_of_ours(make: Make, ctx: Context) -> None:
    ready = await prepared(await make(Text("{{ 客户 }} https://a.cn")), ctx)
    written = words(ready.content(Person("https://evil.cn"), 7))
    assert written.startswith("https://evil.cn https://us.cn/t/")


async def test_without_an_address_of_our_own_all_stay_as_they_are(make: Make, ctx: Context) -> None:
    push = await make(Text("{{ 客户 }} https://a.cn"))
    ready = await prepared(push, replace(ctx, house=replace(ctx.house, push=PushRules())))
    assert ready.content(ZHANG, 7) == Text("张三 https://a.cn")
    assert await Link.all().count() == 0


async def test_what_cannot_be_written_is_refused(make: Make, ctx: Context) -> None:
    ready = await prepared(await make(Text("{{ 客户 }}")), ctx)
    with pytest.raises(Refusal):
        ready.common()


async def open_link(ctx: Context, recipient: int, link: int = 3) -> None:
    async with transaction():
        await router.dispatch(LinkOpened(ctx.now, link, recipient), ctx)


async def test_who_opened_a_link_has_clicked(make: Make, meet: Meet, ctx: Context, clock: Clock) -> None:
    customer, into = await meet("张三"), await meet("张三丰")
    push = await make(Text("您好"))
    row = await Recipient.create(push_id=push.id, customer_id=customer.id, account="official", way="message")
    await open_link(ctx, row.id)
    await open_link(ctx, row.id)
    clicked = await Behaviour.get()
    minute = int(clock().timestamp()) // 60
    assert (clicked.customer_id, clicked.source, clicked.name) == (customer.id, "push", "clicked")
    assert clicked.key == f"{push.id}:{row.id}:3:{minute}"
    assert (await Customer.get(id=customer.id)).clicked_at == clock()
    await Customer.filter(id=customer.id).update(merged_into_id=into.id)
    ctx.now = clock.forward(minutes=1)
    await open_link(ctx, row.id)
    assert await Behaviour.filter(customer_id=into.id).count() == 1
    assert (await Customer.get(id=into.id)).clicked_at == clock()


async def test_a_link_of_a_group_or_of_nobody_is_nobodys_click(make: Make, ctx: Context) -> None:
    push = await make(Text("您好"))
    row = await Recipient.create(push_id=push.id, group_id=5, account="telegram", way="message")
    await open_link(ctx, row.id)
    await open_link(ctx, row.id + 1)
    assert await Behaviour.all().count() == 0
