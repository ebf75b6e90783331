"""Here lives what transactions and bulk inserts promise."""

import asyncio
from collections.abc import Awaitable

import pytest
from tortoise.exceptions import IntegrityError

from bot.database import OUTAGES, insert_many, opened, transaction
from models.customers import Customer
from models.fields import instant
from models.inbox import InboxEvent
from models.sql import select
from models.staff import Staff

AT = instant(1_772_442_000_123)
COLUMNS = ("account", "key", "lane", "payload", "due_at", "queued_at")


class MistakeError(Exception):
    """What goes wrong in these tests."""


def event(key: str, account: str = "official") -> tuple[object, ...]:
    return (account, key, f"{account}:1", "你好 \N{PARTY POPPER}", AT, AT)


async def undone(*work: Awaitable[object]) -> None:
    async with transaction():
        for step in work:
            await step
        raise MistakeError


async def customer(name: str) -> Customer:
    return await Customer.create(name=name, created_at=AT, seen_at=AT)


async def test_an_exception_rolls_everything_back(database: str) -> None:
    with pytest.raises(MistakeError):
        await undone(customer("李雷"), insert_many(InboxEvent, COLUMNS, [event("a")]))
    assert await Customer.all().count() == 0
    assert await InboxEvent.all().count() == 0


async def test_a_nested_transaction_is_a_savepoint(database: str) -> None:
    async with transaction():
        await customer("李雷")
        with pytest.raises(MistakeError):
            await undone(customer("韩梅梅"))
    assert [row.name for row in await Customer.all()] == ["李雷"]


async def test_a_broken_statement_leaves_the_database_usable(database: str) -> None:
    taken = {"account": "a", "key": "1", "lane": "l", "payload": "", "due_at": AT, "queued_at": AT}
    await InboxEvent.create(**taken)
    with pytest.raises(IntegrityError):
        await undone(customer("李雷"), InboxEvent.create(**taken))
    async with transaction():
        await customer("韩梅梅")
    assert [row.name for row in await Customer.all()] == ["韩梅梅"]


async def test_a_cancelled_transaction_leaves_nothing_behind(database: str) -> None:
    inside = asyncio.Event()

    async def never_ends() -> None:
        async with transaction():
            await customer("李雷")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with transaction():
        await customer("韩梅梅")
    assert [row.name for row in await Customer.all()] == ["韩梅梅"]


@pytest.mark.parametrize("steps", range(8))
async def test_cancelled_at_any_step_the_next_transaction_works(database: str, steps: int) -> None:
    async def change() -> None:
        async with transaction():
            await customer("李雷")

    for _ in range(12):  # PostgreSQL: more often than its pool has connections
        task = asyncio.create_task(change())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with transaction():
        await customer("韩梅梅")
    assert await Customer.filter(name="韩梅梅").count() == 1


async def test_a_reader_does_not_wait_for_a_writer(database: str) -> None:
    await customer("李雷")
    async with transaction():
        await customer("韩梅梅")
        async with asyncio.timeout(5):
            rows = await asyncio.create_task(select("SELECT name FROM customer", alias="reader"))
    assert [row["name"] for row in rows] == ["李雷"]


async def test_insert_many_tells_what_was_new(database: str) -> None:
    first = await insert_many(InboxEvent, COLUMNS, [event("a"), event("b"), event("a")], conflict=("account", "key"))
    assert len(first) == 2
    again = await insert_many(
        InboxEvent, COLUMNS, [event("b"), event("c"), event("b", "bot")], returning=("account", "key")
    )
    assert sorted(again) == [("bot", "b"), ("official", "c")]
    row = await InboxEvent.get(account="official", key="c")
    assert (row.payload, row.due_at, row.state, row.attempts) == ("你好 \N{PARTY POPPER}", AT, "waiting", 0)


async def test_insert_many_of_nothing(database: str) -> None:
    assert await insert_many(InboxEvent, COLUMNS, []) == []


async def test_insert_many_takes_more_than_one_statement_can_carry(database: str) -> None:
    rows = [event(str(number)) for number in range(4_000)]
    assert len(await insert_many(InboxEvent, COLUMNS, rows)) == 4_000
    assert await insert_many(InboxEvent, COLUMNS, rows[:3_500]) == []


async def test_insert_many_belongs_to_the_transaction_around_it(database: str) -> None:
    with pytest.raises(MistakeError):
        await undone(insert_many(InboxEvent, COLUMNS, [event(str(number)) for number in range(4_000)]))
    assert await InboxEvent.all().count() == 0


async def test_wherever_a_transaction_is_cut_off_the_next_one_is_as_ever(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def change(number: int) -> None:
        async with transaction():
            await Staff.create(name=f"nobody {number}", role="sales", created_at=AT)

    for turns in range(120):
        task = asyncio.create_task(change(turns))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    await change(-1)
    assert await Staff.filter(name="nobody -1").exists()
    assert caplog.records == []


@pytest.mark.parametrize("pooled", [False, True])
async def test_who_is_paused_in_a_transaction_keeps_nobody_from_its_rows_for_long(
    postgres_url: str, *, pooled: bool
) -> None:
    written, awake = asyncio.Event(), asyncio.Event()

    async def renamed(name: str) -> None:
        async with transaction():
            await Staff.filter(id=1).update(name=name)
            written.set()
            if name == "paused":
                await awake.wait()

    async with opened(postgres_url, pooled=pooled):
        await Staff.create(id=1, name="somebody", role="sales", created_at=AT)
        paused = asyncio.create_task(renamed("paused"))
        await written.wait()
        await asyncio.wait_for(renamed("another"), 20)
        awake.set()
        with pytest.raises(OUTAGES):
            await paused
        assert (await Staff.get(id=1)).name == "another"
