"""The clock of the house only stores events, once for each period, however many ring and however often."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.inbox import OWN, InboxEvent
from scheduler import jobs
from scheduler.schedule import TABLE, running
from tests.clock import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.usefixtures("database")
async def test_a_day_ends_once_whoever_rings(clock: Clock) -> None:
    for _ in range(3):
        async with running(clock, SHANGHAI):
            pass
    assert await InboxEvent.filter(account=OWN).count() == len(TABLE)


@pytest.mark.usefixtures("database")
async def test_the_day_is_the_houses_not_the_clocks() -> None:
    evening = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # 1 a.m. of the next day in Shanghai
    await jobs.end_day(evening, SHANGHAI)
    await jobs.end_day(evening + timedelta(hours=14), SHANGHAI)
    assert [row.key for row in await InboxEvent.all()] == ["day:2026-03-02"]
