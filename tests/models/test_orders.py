"""Orders are told by other systems, again and again: each counts once, as it was told last."""

from datetime import datetime, timedelta

import pytest

from bot.database import transaction
from models.customers import Customer
from models.facts import held
from models.orders import Counted, Order, Sale, Told
from models.sql import select
from tests.clock import Clock
from tests.racing import overlapping


async def person(clock: Clock) -> Customer:
    return await Customer.create(name="张三", created_at=clock(), seen_at=clock())


def sale(customer: Customer, number: str, amount: int, at: datetime, **more: str) -> Sale:
    told = {"source": "shop", "state": "paid", "currency": "CNY"} | more
    return Sale(customer.id, told["source"], number, told["state"], amount, told["currency"], at)  # type: ignore[arg-type]


async def tell(*told: Sale) -> Told:
    async with transaction():
        return await Order.tell(told)


async def counted(customer: Customer) -> tuple[int, int, datetime | None]:
    now = await Customer.get(id=customer.id)
    return now.orders, now.amount, now.last_order_at


@pytest.mark.usefixtures("database")
async def test_what_a_customer_paid_is_counted_on_their_row(clock: Clock) -> None:
    one, other, early = await person(clock), await person(clock), clock() - timedelta(days=9)
    done = await tell(
        sale(one, "1", 1_000, early),
        sale(one, "2", 250, clock()),
        sale(one, "3", 9_999, clock(), currency="USD"),
        sale(one, "4", 7_777, clock() + timedelta(days=1), state="open"),
        sale(other, "5", 1, early, state="refunded"),
    )
    assert (len(done.new), done.changed) == (5, [])
    assert await counted(one) == (3, 1_250, clock())
    assert await counted(other) == (0, 0, None)


@pytest.mark.usefixtures("database")
async def test_told_again_it_is_one_order_as_it_was_told_last(clock: Clock) -> None:
    one, other, early = await person(clock), await person(clock), clock() - timedelta(days=9)
    first = sale(one, "1", 1_000, early)
    await tell(first, sale(one, "2", 500, early))
    assert await tell(first) == ([], [])
    assert await tell(sale(one, "1", 1, clock()), sale(one, "1", 1_200, clock())) == (
        [],
        [sale(one, "1", 1_200, clock())],
    )
    assert await counted(one) == (2, 1_700, clock())
    await tell(sale(one, "1", 1_200, clock(), state="refunded"))
    assert await counted(one) == (1, 500, early)
    await tell(sale(other, "2", 500, early))
    assert [await counted(one), await counted(other)] == [(0, 0, None), (1, 500, early)]
    assert len((await tell(sale(one, "1", 1, early, source="app"))).new) == 1


@pytest.mark.usefixtures("database")
async def test_an_order_of_nobody_is_left_out(clock: Clock) -> None:
    one = await person(clock)
    gone = await person(clock)
    await gone.delete()
    assert await tell(sale(one, "1", 5, clock()), sale(gone, "2", 5, clock())) == ([sale(one, "1", 5, clock())], [])


@pytest.mark.usefixtures("database")
async def test_an_order_of_who_was_merged_is_whose_they_became(clock: Clock) -> None:
    first, second, third = [await person(clock) for _ in range(3)]
    await Customer.filter(id=first.id).update(merged_into_id=second.id)
    await Customer.filter(id=second.id).update(merged_into_id=third.id)
    assert await held([first.id, third.id, 99]) == {first.id: third.id, third.id: third.id}
    await tell(sale(first, "1", 300, clock()))
    await tell(sale(first, "1", 400, clock()))
    order = await Order.get()
    assert (order.customer_id, order.origin_id) == (third.id, first.id)
    assert [await counted(each) for each in (first, third)] == [(0, 0, None), (1, 400, clock())]


@pytest.mark.usefixtures("database")
async def test_another_currency_of_the_house_counts_anew(clock: Clock) -> None:
    one = await person(clock)
    await tell(sale(one, "1", 1_000, clock()), sale(one, "2", 70, clock(), currency="EUR"))
    async with transaction():
        assert [await Counted.be("EUR"), await Counted.be("EUR")] == [True, False]
    assert await counted(one) == (2, 70, clock())
    await tell(sale(one, "3", 5, clock(), currency="EUR"))
    assert await counted(one) == (3, 75, clock())


@pytest.mark.usefixtures("database")
async def test_very_many_at_once(clock: Clock) -> None:
    people = [await person(clock) for _ in range(20)]
    told = [sale(people[number % 20], str(number), number, clock()) for number in range(3_000)]
    assert len((await tell(*told)).new) == 3_000
    assert (await tell(*told))[0] == []
    assert await counted(people[1]) == (150, sum(range(1, 3_000, 20)), clock())


async def test_two_who_tell_of_one_order_do_not_count_it_twice(database: str, clock: Clock) -> None:
    one, other = await person(clock), await person(clock)

    def telling(*told: Sale) -> object:
        return Order.tell(told)

    await overlapping(
        lambda: Order.tell([sale(one, "1", 100, clock()), sale(other, "2", 5, clock())]),
        lambda: Order.tell([sale(other, "1", 200, clock()), sale(one, "2", 7, clock())]),
    )
    held_by = {row["id"]: (row["orders"], row["amount"]) for row in await select("SELECT * FROM customer")}
    found = await Order.all()
    for customer in (one, other):
        theirs = [order.amount for order in found if order.customer_id == customer.id]
        assert held_by[customer.id] == (len(theirs), sum(theirs))
    assert len(found) == 2
