"""What customers and colleagues do while two customers become one is not lost."""

from collections.abc import Awaitable, Callable

from domain.contacts import Profile
from domain.events import ContactUpdated
from domain.messages import Address
from domain.permissions import Role
from handlers.context import House
from models.customers import Customer
from models.messages import Message
from models.search import Searchable
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.test_merges import code
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def test_who_writes_while_they_are_joined_is_heard_by_the_one_who_is_left(
    hire: Hire, stranger: Phone, meet: Meet
) -> None:
    boss = await hire("老板", Role.ADMIN)
    await meet("张三")
    await stranger.say("你好")
    typed = f"确认 {code(await boss.say('合并 C1 C2'))}"
    await overlapping(lambda: boss.say(typed), lambda: stranger.say("在吗"))
    assert await Message.filter(customer_id=2).count() == 0
    assert await Message.filter(customer_id=1, direction="in").count() == 2


async def test_who_is_joined_while_they_write_is_heard_by_the_one_who_is_left(
    hire: Hire, stranger: Phone, meet: Meet
) -> None:
    boss = await hire("老板", Role.ADMIN)
    await meet("张三")
    await stranger.say("你好")
    typed = f"确认 {code(await boss.say('合并 C1 C2'))}"
    await overlapping(lambda: stranger.say("在吗"), lambda: boss.say(typed))
    assert await Message.filter(customer_id=2).count() == 0
    assert await Message.filter(customer_id=1, direction="in").count() == 2


async def test_what_is_learned_while_they_are_joined_is_learned_of_the_one_who_is_left(
    hire: Hire, meet: Meet, house: House, clock: Clock
) -> None:
    boss = await hire("老板", Role.ADMIN)
    await meet("张三")
    other = await meet("", account="wecom")
    member = Phone(Address("wecom", f"wecom-{other.id}"), clock, house)
    typed = f"确认 {code(await boss.say('合并 C1 C2'))}"
    told = ContactUpdated(clock(), member.address, Profile(name="Mia", company="星辰科技"))
    await overlapping(lambda: boss.say(typed), lambda: member.meet(told))
    assert (await Customer.get(id=1)).company == "星辰科技"
    assert await Searchable.filter(customer_id=other.id).count() == 0
