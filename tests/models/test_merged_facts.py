"""What was told of a customer, and what they agreed to, is theirs through all joinings and separations."""

import pytest

from bot.database import transaction
from models.behaviours import Act, Behaviour
from models.belongings import Belongings
from models.customers import Customer
from models.leads import Lead
from models.merges import Merge
from models.orders import Order, Sale
from tests.clock import Clock
from tests.models.test_merges import actor, dice, joined, person, staff_of, undone
from tests.racing import overlapping


async def test_what_was_told_of_a_customer_goes_back_to_them_whenever_it_was_told(database: str, clock: Clock) -> None:
    people = [await Customer.create(created_at=clock(), seen_at=clock()) for _ in range(3)]
    for person_ in people:
        await Lead.create(customer=person_, created_at=clock())
    first, second, third = people

    async def sold(customer: Customer, number: str, amount: int) -> None:
        async with transaction():
            await Order.tell([Sale(customer.id, "shop", number, "paid", amount, "CNY", clock())])
            await Behaviour.tell([Act(customer.id, "site", number, "pushed", clock())])

    async def sums() -> list[tuple[int, int]]:
        return [(row.orders, row.amount) for row in await Customer.all().order_by("id")]

    await sold(first, "1", 1)
    await sold(second, "2", 20)
    inner = await joined(second, first, clock)
    await sold(first, "3", 300)
    outer = await joined(third, second, clock)
    await sold(first, "4", 4_000)
    await sold(second, "5", 50_000)
    await sold(third, "6", 600_000)
    assert await sums() == [(0, 0), (0, 0), (6, 654_321)]
    assert (await Belongings.returning(outer.moved, third.id, second.id)).orders == 5
    await undone(outer, clock)
    assert await sums() == [(0, 0), (5, 54_321), (1, 600_000)]
    await undone(inner, clock)
    assert await sums() == [(3, 4_301), (2, 50_020), (1, 600_000)]
    assert await Behaviour.filter(customer_id=first.id).count() == 3
    assert all(row.pushed_at == clock() for row in await Customer.all())


async def test_an_order_that_is_told_while_customers_are_joined_is_whose_they_are(database: str, clock: Clock) -> None:
    staff = await staff_of(clock)
    random = dice(4)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    merge = await Merge.planned(one.id, other.id, "command", clock())
    sale = Sale(other.id, "app", "1", "paid", 700, "CNY", clock())
    await overlapping(lambda: merge.join(actor(clock)), lambda: Order.tell([sale]))
    kept = await Customer.get(id=one.id)
    assert (await Order.get(source="app")).customer_id == one.id
    assert kept.orders == await Order.filter(customer_id=one.id, state="paid").count()
    assert kept.amount == 500 * (kept.orders - 1) + 700


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_who_withdrew_on_one_account_has_withdrawn_while_it_is_theirs(
    database: str, clock: Clock, order: tuple[int, int]
) -> None:
    consents = ("granted", "withdrawn", "withdrawn")
    people = [await Customer.create(consent=each, created_at=clock(), seen_at=clock()) for each in consents]
    for person_ in people:
        await Lead.create(customer=person_, created_at=clock())
    merges = [await joined(people[0], other, clock) for other in people[1:]]
    found = []
    for place in order:
        await undone(merges[place], clock)
        found.append((await Customer.get(id=people[0].id)).consent)
    assert found == ["withdrawn", "granted"]
