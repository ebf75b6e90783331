"""Here lives a crowd of customers who are tagged together, and what is left to do of it."""

from collections.abc import Awaitable, Callable

from domain.masses import CustomersToTag
from handlers.masses import AT_ONCE
from models.customers import Customer, Identity
from models.database import insert_many
from models.inbox import InboxEvent
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of

Meet = Callable[..., Awaitable[Customer]]
MANY = 2 * AT_ONCE + 50


async def people(meet: Meet, number: int, city: str = "上海") -> list[Customer]:
    return [await meet(f"客户{n}", city=city) for n in range(number)]


async def crowd(clock: Clock, number: int = MANY) -> list[int]:
    """Customers in one city whom no platform knows."""
    now = clock()
    rows = await insert_many(Customer, ("created_at", "seen_at", "city"), [(now, now, "上海")] * number)
    return sorted(row[0] for row in rows)


async def confirmed(phone: Phone) -> str:
    return await phone.say(f"确认 {code_of(phone)}")


async def rounds(phone: Phone) -> list[CustomersToTag]:
    """What is left to do, in its order."""
    rows = await InboxEvent.filter(key__startswith="tagall:", state="waiting").order_by("priority", "id")
    found = [row.own() for row in rows]
    return [event for event in found if isinstance(event, CustomersToTag)]


async def shanghai(meet: Meet) -> list[Customer]:
    """Four of them: one only in WeCom, who left us, one nowhere."""
    people = [await meet(name, city="上海") for name in ("张三", "李四")]
    people.append(await meet("王五", city="上海", account="wecom"))
    people.append(await meet("赵六", city="上海"))
    await Identity.filter(customer_id=people[2].id).update(state="deleted")
    await Identity.filter(customer_id=people[3].id).delete()
    await meet("钱七", city="北京")
    return people
