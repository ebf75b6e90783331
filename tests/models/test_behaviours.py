"""What customers do is told once and never changes; the last push and the last click are on their row."""

from datetime import datetime, timedelta

import pytest

from bot.database import transaction
from models.behaviours import Act, Behaviour
from models.customers import Customer
from models.sql import select
from tests.clock import Clock
from tests.racing import overlapping


async def person(clock: Clock) -> Customer:
    return await Customer.create(created_at=clock(), seen_at=clock())


def act(customer: Customer, key: str, name: str, at: datetime) -> Act:
    return Act(customer.id, "site", key, name, at)


async def tell(*told: Act) -> list[str]:
    async with transaction():
        return sorted(new.key for new in await Behaviour.tell(told))


@pytest.mark.usefixtures("database")
async def test_the_last_push_and_the_last_click_are_on_the_row(clock: Clock) -> None:
    one, other, early = await person(clock), await person(clock), clock() - timedelta(days=3)
    told = [act(one, "1", "pushed", clock()), act(one, "2", "pushed", early), act(one, "3", "clicked", early)]
    assert await tell(*told, act(other, "4", "viewed", clock())) == ["1", "2", "3", "4"]
    assert await tell(*told) == []
    now, unseen = await Customer.get(id=one.id), await Customer.get(id=other.id)
    assert (now.pushed_at, now.clicked_at) == (clock(), early)
    assert (unseen.pushed_at, unseen.clicked_at) == (None, None)


@pytest.mark.usefixtures("database")
async def test_what_was_told_first_stays(clock: Clock) -> None:
    one, other = await person(clock), await person(clock)
    assert await tell(act(one, "1", "viewed", clock()), act(other, "1", "paid", clock())) == ["1"]
    assert await tell(act(other, "1", "paid", clock())) == []
    found = await Behaviour.get()
    assert (found.customer_id, found.origin_id, found.name) == (one.id, one.id, "viewed")


@pytest.mark.usefixtures("database")
async def test_of_nobody_nothing_is_kept_and_of_who_was_merged_it_is_whose_they_became(clock: Clock) -> None:
    one, away, gone = await person(clock), await person(clock), await person(clock)
    await Customer.filter(id=away.id).update(merged_into_id=one.id)
    await gone.delete()
    assert await tell(act(away, "1", "pushed", clock()), act(gone, "2", "pushed", clock())) == ["1"]
    found = await Behaviour.get()
    assert (found.customer_id, found.origin_id) == (one.id, away.id)
    assert (await Customer.get(id=one.id)).pushed_at == clock()


async def test_two_who_tell_of_one_customer_leave_the_later_push(database: str, clock: Clock) -> None:
    one, early = await person(clock), clock() - timedelta(days=1)
    await overlapping(
        lambda: Behaviour.tell([act(one, "1", "pushed", clock())]),
        lambda: Behaviour.tell([act(one, "2", "pushed", early), act(one, "1", "pushed", clock())]),
    )
    assert (await Customer.get(id=one.id)).pushed_at == clock()
    assert len(await select("SELECT 1 FROM behaviour")) == 2
