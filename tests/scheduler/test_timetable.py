"""The clock of the house only stores events, once for each period, however many ring and however it is set."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from domain.groups import GroupsDue
from domain.sync import SyncDue
from models.inbox import OWN, InboxEvent
from models.sql import select
from scheduler import jobs
from scheduler.timetable import TABLE, Bell, Row, running
from tests.clock import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
HELSINKI = ZoneInfo(
    "Europe/Helsinki"
)  # where on one night of the year there is no half past three, on one there are two
NIGHTS: tuple[Row, ...] = (("30 3 * * *", jobs.end_day),)
OFTEN = 0.01


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await question():
            await asyncio.sleep(OFTEN)


async def stored() -> list[str]:
    return [row.key for row in await InboxEvent.filter(account=OWN).order_by("id")]


async def has(key: str) -> None:
    async def is_there() -> bool:
        return key in await stored()

    await until(is_there)


@pytest.mark.usefixtures("database")
async def test_a_day_ends_once_whoever_rings(clock: Clock) -> None:
    for _ in range(3):
        async with running(clock, SHANGHAI):
            pass
    assert await InboxEvent.filter(account=OWN).count() == len(TABLE)


@pytest.mark.usefixtures("database")
async def test_tags_are_compared_once_a_night(clock: Clock) -> None:
    for hours in (0, 1, 24):
        await jobs.compare_tags(clock() + timedelta(hours=hours), clock(), SHANGHAI)
    assert await stored() == ["sync:2026-03-02", "sync:2026-03-03"]
    (first, _) = await InboxEvent.filter(account=OWN).order_by("id")
    assert first.own() == SyncDue(clock())


@pytest.mark.usefixtures("database")
async def test_group_chats_are_read_once_a_night(clock: Clock) -> None:
    for hours in (0, 1, 24):
        await jobs.read_groups(clock() + timedelta(hours=hours), clock(), SHANGHAI)
    assert await stored() == ["groups:2026-03-02", "groups:2026-03-03"]
    (first, _) = await InboxEvent.filter(account=OWN).order_by("id")
    assert first.own() == GroupsDue(clock())


@pytest.mark.usefixtures("database")
async def test_the_day_is_the_houses_not_the_clocks() -> None:
    evening = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # 1 a.m. of the next day in Shanghai
    await jobs.end_day(evening, evening, SHANGHAI)
    await jobs.end_day(evening + timedelta(hours=14), evening, SHANGHAI)
    assert await stored() == ["day:2026-03-02"]


@pytest.mark.usefixtures("database")
async def test_three_schedulers_store_each_day_once_however_their_clocks_are_set(clock: Clock) -> None:
    clocks = [Clock(clock.now + timedelta(seconds=behind)) for behind in (0, 40, 3700)]
    chance = random.Random(22)  # noqa: S311 - the same leaps in every run
    async with AsyncExitStack() as all_of_them:
        for one in clocks:
            await all_of_them.enter_async_context(running(one, SHANGHAI, NIGHTS, OFTEN))
        for day in range(2, 12):
            for one in clocks:
                one.now = datetime(2026, 3, day, 18, 50, tzinfo=UTC)  # ten past half past two
            for hours in (1, -1, 1, -1, 1):
                chance.choice(clocks).forward(hours=hours)
            clocks[day % 3].now = datetime(2026, 3, day, 19, 30, tzinfo=UTC)
            await has(f"day:2026-03-{day + 1:02}")
    assert await stored() == [f"day:2026-03-{day:02}" for day in range(2, 13)]


@pytest.mark.usefixtures("database")
async def test_a_ring_is_not_lost_while_the_database_cannot_store_it(clock: Clock) -> None:
    with capture_logs() as lines:

        async def was_not_heard() -> bool:
            return any(line["event"] == "bell not heard" for line in lines)

        async with running(clock, SHANGHAI, NIGHTS, OFTEN):
            await select("ALTER TABLE inbox_event RENAME TO away")
            clock.forward(days=1)
            await until(was_not_heard)
            await select("ALTER TABLE away RENAME TO inbox_event")
            await has("day:2026-03-03")
    assert not any("exc_info" in line for line in lines)


class Failing:
    """A job that fails as often as it is told to, and keeps what it rang for."""

    __name__ = "failing"

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tried = 0
        self.rung: list[date] = []

    async def __call__(self, moment: datetime, _now: datetime, timezone: tzinfo) -> None:
        self.tried += 1
        if self.tried <= self.failures:
            raise OSError
        self.rung.append(moment.astimezone(timezone).date())


async def test_what_failed_is_rung_again_for_the_same_moment(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    job = Failing(failures=3)

    async def is_rung() -> bool:
        clock.forward(hours=6)  # it takes until the next day, and the day before is told of all the same
        return bool(job.rung)

    async with running(clock, SHANGHAI, [("30 3 * * *", job)], OFTEN):
        await until(is_rung)
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Helsinki", "Europe/Berlin", "Australia/Lord_Howe"])
async def test_every_day_of_the_year_is_rung_for(zone: str) -> None:
    """In Helsinki one night of the year has no half past three, and one has two."""
    job, timezone = Failing(), ZoneInfo(zone)
    bell = Bell("30 3 * * *", job, timezone)
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    bell.seen = now
    for _ in range(365 * 24 * 3):
        now += timedelta(minutes=20)
        await bell.ring(now)
    days = dict.fromkeys(job.rung)  # who rings twice for a day stores one key
    assert list(days) == [date(2026, 1, 2) + timedelta(days=number) for number in range(365)]
    assert len(job.rung) - len(days) == (zone == "Europe/Helsinki")


@pytest.mark.parametrize("leap", [timedelta(days=400), timedelta(days=-400), timedelta(days=20_000)])
async def test_a_clock_that_was_wrong_for_a_while_keeps_no_day_from_its_end(leap: timedelta) -> None:
    job = Failing()
    bell = Bell("30 3 * * *", job, UTC)
    evening = datetime(2026, 3, 1, 20, tzinfo=UTC)
    for now in (evening, evening + leap, evening, evening + timedelta(days=1)):
        await bell.ring(now)
    assert job.rung[-1] == date(2026, 3, 2)
    assert len(job.rung) <= 4


async def test_after_days_of_rest_the_last_day_is_rung_for_once() -> None:
    job = Failing()
    bell = Bell("30 3 * * *", job, UTC)
    for now in (datetime(2026, 3, 1, 20, tzinfo=UTC), datetime(2026, 3, 6, 2, tzinfo=UTC)):
        await bell.ring(now)
    assert job.rung == [date(2026, 3, 1), date(2026, 3, 5)]


def test_the_table_can_be_read() -> None:
    for cron, job in TABLE:
        assert Bell(cron, job, SHANGHAI).seen is None
