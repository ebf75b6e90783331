"""The pulse only stores events, once for what it feels, and survives what it cannot ask."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from domain.sweeps import CustomersTouched
from models import spans
from models.customers import Customer
from models.inbox import InboxEvent
from models.sql import select
from scheduler.pulse import beating
from tests.clock import Clock

pytestmark = pytest.mark.usefixtures("database")
OFTEN = 0.01


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await question():
            await asyncio.sleep(OFTEN)


async def told(number: int) -> list[CustomersTouched]:
    """Wait for so many events; they are all there are."""
    await until(lambda: _are(number))
    events = [row.own() for row in await InboxEvent.all().order_by("id")]
    return [event for event in events if isinstance(event, CustomersTouched)]


async def _are(number: int) -> bool:
    return await InboxEvent.all().count() >= number


async def arrives(clock: Clock) -> None:
    await Customer.create(created_at=clock(), seen_at=clock())


async def test_what_changed_is_told_once_whoever_feels_it(clock: Clock) -> None:
    await spans.begin()
    async with beating(clock, OFTEN), beating(clock, OFTEN):
        await arrives(clock)
        (first,) = await told(1)
        assert first.at == clock()
        await arrives(clock)
        await spans.move(await spans.here())
        await arrives(clock)
        both = await told(2)
    assert len(both) == 2
    assert {row.lane for row in await InboxEvent.all()} == {"guanxi:rules"}


async def test_while_there_is_no_rule_nothing_is_told(clock: Clock) -> None:
    async with beating(clock, OFTEN):
        await arrives(clock)
        await spans.begin()
        await arrives(clock)
        assert len(await told(1)) == 1


async def test_a_database_that_is_away_is_told_of_once(clock: Clock) -> None:
    await spans.begin()
    with capture_logs() as lines:

        async def was_missed() -> bool:
            return any(line["event"] == "pulse missed" for line in lines)

        async with beating(clock, OFTEN):
            await select("ALTER TABLE rule_cursor RENAME TO away")
            await until(was_missed)
            await arrives(clock)
            await select("ALTER TABLE away RENAME TO rule_cursor")
            await told(1)
    assert len([line for line in lines if line["event"] == "pulse missed"]) == 1
