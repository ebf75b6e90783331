"""The rules see each line of the log of changes once, in whatever order lines are committed."""

import asyncio
from collections.abc import Sequence

import pytest

from models import spans
from models.autotags import RuleCursor
from models.customers import Customer
from models.database import insert_many, transaction
from models.spans import Place, place
from models.sql import dialect, select
from tests.clock import Clock

pytestmark = pytest.mark.usefixtures("database")


async def people(clock: Clock, count: int = 1) -> list[int]:
    rows = await insert_many(Customer, ("created_at", "seen_at"), [(clock(), clock())] * count)
    return sorted(row[0] for row in rows)


async def seen(limit: int = 100) -> Sequence[int]:
    """The customers whom the rules have yet to look at; then they have."""
    async with transaction():
        since = await spans.news("default")
        if since is None:
            return []
        until, after = await spans.here(), await spans.first(since)
        found: list[int] = []
        while lines := await spans.lines(since, until, after, limit):
            found += [customer_id for _, customer_id in lines]
            after = lines[-1][0]
        assert await spans.move(until, since)
    return sorted(found)


async def test_nothing_is_to_be_seen_before_there_is_a_rule(clock: Clock) -> None:
    await people(clock)
    assert await spans.news() is None
    await spans.begin()
    assert await spans.news() is None
    await spans.begin()
    assert await RuleCursor.all().count() == 1


async def test_each_line_is_seen_once(clock: Clock) -> None:
    await spans.begin()
    first = await people(clock, 3)
    assert await spans.news() is not None
    assert await seen(limit=2) == first
    assert (await spans.news(), await seen()) == (None, [])
    await Customer.filter(id=first[1]).update(city="上海")
    assert await seen() == [first[1]]


async def test_where_nothing_changed_there_is_no_news(clock: Clock) -> None:
    (mia,) = await people(clock)
    await spans.begin()
    await select("CREATE TABLE something_else (id INTEGER)")
    await select("INSERT INTO something_else VALUES (1)")
    assert await spans.news() is None
    async with transaction():
        await Customer.filter(id=mia).update(city="上海")
    assert await spans.news() is not None


async def test_a_line_that_is_committed_late_is_seen_late_and_no_other_twice(clock: Clock) -> None:
    """The first to write is the last to commit: on PostgreSQL its line has the lowest number."""
    if dialect() == "sqlite":
        pytest.skip("one writer commits after the other")
    await spans.begin()
    written, go = asyncio.Event(), asyncio.Event()

    async def slow() -> list[int]:
        async with transaction():
            found = await people(clock)
            written.set()
            await go.wait()
        return found

    task = asyncio.create_task(slow())
    await written.wait()
    quick = await people(clock, 2)
    assert await seen() == quick
    assert await spans.news() is None
    more = await people(clock)
    assert await seen() == more
    go.set()
    late = await task
    assert late < quick
    assert await seen() == late
    assert await seen() == []


async def test_what_the_rules_write_themselves_is_seen_next(clock: Clock) -> None:
    await spans.begin()
    await people(clock)
    async with transaction():
        since = await spans.news("default")
        assert since
        until, after = await spans.here(), await spans.first(since)
        own = await people(clock)
        lines = await spans.lines(since, until, after, 100)
        assert own[0] not in {customer_id for _, customer_id in lines}
        await spans.move(until, since)
    assert await seen() == own


async def test_whoever_is_elsewhere_by_now_does_not_move_it(clock: Clock) -> None:
    await spans.begin()
    await people(clock)
    since = await spans.news()
    assert since
    assert await spans.move(await spans.here(), since)
    assert not await spans.move(since, since)
    assert await spans.move(await spans.here())


async def test_a_place_of_another_life_of_the_database_is_found_out(clock: Clock) -> None:
    await spans.begin()
    assert not await spans.is_lost()
    far = 10**15
    await RuleCursor.all().update(position=far, snapshot=f"{far}:{far}:" if dialect() == "postgres" else "")
    assert await spans.is_lost()
    assert await spans.news() is not None
    await spans.move(await spans.here())
    assert not await spans.is_lost()


async def test_lines_that_were_pruned_are_no_news(clock: Clock) -> None:
    await people(clock, 3)
    await spans.begin()
    await select("DELETE FROM touched")
    assert (await spans.news(), await spans.is_lost()) == (None, False)
    mia = await people(clock)
    assert await seen() == mia


async def test_the_end_of_the_last_rule_is_the_end_of_looking(clock: Clock) -> None:
    await spans.begin()
    await people(clock)
    await spans.end()
    assert await spans.news() is None


@pytest.mark.parametrize("written", ["17", "795:799:795,797", "12:12:"])
def test_a_place_is_read_as_it_is_written(written: str) -> None:
    assert str(place(written)) == written
    assert place(written).position == int(written.partition(":")[0])
    assert Place(17) == place("17")
