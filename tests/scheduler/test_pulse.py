"""The pulse only stores events, once for what it feels, and survives what it cannot ask."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from domain.permissions import Role
from domain.sweeps import CustomersTouched
from models import spans
from models.customers import Customer
from models.digests import Digest
from models.inbox import InboxEvent
from models.schedules import Schedule
from models.sql import select
from models.staff import Staff
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
    async with beating(clock, UTC, OFTEN), beating(clock, UTC, OFTEN):
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
    async with beating(clock, UTC, OFTEN):
        await arrives(clock)
        await spans.begin()
        await arrives(clock)
        assert len(await told(1)) == 1


async def test_a_database_that_is_away_is_told_of_once(clock: Clock) -> None:
    await spans.begin()
    with capture_logs() as lines:

        async def was_missed() -> bool:
            return any(line["event"] == "pulse missed" for line in lines)

        async with beating(clock, UTC, OFTEN):
            await select("ALTER TABLE rule_cursor RENAME TO away")
            await until(was_missed)
            await arrives(clock)
            await select("ALTER TABLE away RENAME TO rule_cursor")
            await told(1)
    assert len([line for line in lines if line["event"] == "pulse missed"]) == 1


async def scheduled(clock: Clock, next_at: datetime, **told: object) -> Schedule:
    """Of every hour."""
    staff, _ = await Staff.get_or_create({"role": Role.MANAGER, "created_at": clock()}, name="韩梅梅")
    row: dict[str, Any] = {"account": "telegram", "chat": "1", "language": "en", "words": "", "state": "active"}
    row |= {"cron": "0 * * * *", "zone": "Asia/Shanghai", "next_at": next_at, "created_at": clock(), **told}
    return await Schedule.create(staff=staff, **row)


async def test_schedules_and_reports_are_told_once_for_each_moment_whoever_feels_it(clock: Clock) -> None:
    await scheduled(clock, clock())
    await scheduled(clock, clock() + timedelta(seconds=1))
    await scheduled(clock, clock(), state="paused")
    await Digest.create(
        staff=await Staff.get(), account="telegram", chat="1", language="en", minutes=17 * 60, next_at=clock()
    )
    async with beating(clock, UTC, OFTEN), beating(clock, UTC, OFTEN):
        await told(2)
        clock.forward(seconds=1)
        await told(3)
        clock.forward(hours=1)
        await told(5)
        clock.forward(hours=-1)
    first, at = clock() - timedelta(seconds=1), {row.key: row.own().at for row in await InboxEvent.all()}
    schedule, second = (int(moment.timestamp() * 1000) for moment in (first, first + timedelta(hours=1)))
    assert at == {
        f"schedule:1:{schedule}": first,
        "digest:1:2026-03-02": first,
        f"schedule:2:{schedule + 1000}": first + timedelta(seconds=1),
        f"schedule:1:{second}": first + timedelta(hours=1),
        f"schedule:2:{second}": first + timedelta(hours=1),
    }


async def test_what_is_set_far_ahead_by_a_wrong_clock_is_set_back(clock: Clock) -> None:
    far = clock() + timedelta(days=400)
    row = await scheduled(clock, far + timedelta(hours=1), last_at=far)
    digest = await Digest.create(
        staff=await Staff.get(), account="telegram", chat="1", language="en", minutes=9 * 60, next_at=far
    )

    async def are_set_back() -> bool:
        await row.refresh_from_db()
        await digest.refresh_from_db()
        return row.last_at is None and digest.next_at < far

    async with beating(clock, ZoneInfo("Asia/Shanghai"), OFTEN):
        await until(are_set_back)
    assert (row.next_at, digest.next_at) == (clock() + timedelta(hours=1), clock() + timedelta(hours=16))
    assert await InboxEvent.all().count() == 0


async def test_what_cannot_be_asked_keeps_nothing_else_from_being_felt(clock: Clock) -> None:
    await spans.begin()
    await arrives(clock)
    await scheduled(clock, clock())
    async with beating(clock, UTC, OFTEN):
        await select("ALTER TABLE digest RENAME TO away")
        await until(lambda: _are(2))
        await select("ALTER TABLE away RENAME TO digest")
    assert await _are(2)
